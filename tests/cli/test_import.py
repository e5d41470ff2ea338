"""Importing people: whatever the file holds, however often, and however it is broken off."""

import csv
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.csv.duplicate_addresses import Seen
from adapters.csv.rejected_lines import harmless
from engine.work.ports import Person
from tests.cli.keyboard import IN_A_FILE, MAIN, SENDLEDGER, Keyboard, people_file, spawn
from tests.law.story import SPRING


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as report:
        return list(csv.reader(report))


def person_at(keyboard: Keyboard, address: str) -> Person:
    with keyboard.opened() as opened:
        recipient_id = opened.directory.recipient_at(MAIN, address)
        person = opened.directory.person(MAIN, recipient_id or "")
    assert person is not None
    return person


def test_people_are_taken_and_bad_lines_reported(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_text("email,name\na@x.com,A\nnobody,B\nA@x.com,C\nb@x.com\n")

    told = keyboard.json("campaigns", "import", SPRING, file)

    assert told == {
        "campaign_id": SPRING,
        "lines": 4,
        "taken": 1,
        "known": 0,
        "stopped": 0,
        "suppressed": 0,
        "rejected": 3,
        "report": f"{file}.rejected.csv",
        "interrupted": False,
    }
    assert rows(Path(told["report"])) == [
        ["line", "column", "problem", "value"],
        ["3", "email", "is no email address: it has no @", "nobody"],
        ["4", "email", "is the same address as on line 2", "A@x.com"],
        ["5", "name", "is missing", ""],
    ]


def test_without_rejected_lines_there_is_no_report(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    people_file(file, 3)
    asked = file.with_name("report.csv")

    assert keyboard.json("campaigns", "import", SPRING, file)["report"] is None
    assert "wrong" not in keyboard.do("campaigns", "import", SPRING, file, "--report", asked)
    assert {*file.parent.iterdir()} & {asked, Path(f"{file}.rejected.csv")} == set()
    assert not [*file.parent.glob(".*.partial")]


def test_a_second_report_takes_another_name(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_text("email\nnobody\n")
    told = [keyboard.json("campaigns", "import", SPRING, file)["report"] for _ in range(2)]
    assert told == [f"{file}.rejected.csv", f"{file}.rejected-2.csv"]
    assert rows(Path(told[0])) == rows(Path(told[1]))


def test_a_report_replaces_nothing_unless_forced(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_text("email\na@x.com\nnobody\n")
    notes = file.with_name("notes.txt")
    notes.write_text("precious")

    words = ("campaigns", "import", SPRING, file, "--report", notes)
    assert "is there already" in keyboard.refused(2, *words)
    assert notes.read_text() == "precious"
    assert keyboard.json("recipients", "list", "--campaign", SPRING)["total"] == 0
    keyboard.do(*words, "--force")
    assert rows(notes)[1][0] == "3"


@IN_A_FILE
@pytest.mark.parametrize("beside", ["", "-wal", "-shm", "-journal", ".serve"])
def test_a_report_never_replaces_the_store(keyboard: Keyboard, file: Path, beside: str) -> None:
    keyboard.campaign()
    file.write_text("email\na@x.com\nnobody\n")
    output = f"{keyboard.store}{beside}"

    words = ("campaigns", "import", SPRING, file, "--report", output, "--force")
    assert "is in use" in keyboard.refused(2, *words)
    assert keyboard.json("recipients", "list", "--campaign", SPRING)["total"] == 0


@pytest.mark.parametrize("other_name", ["itself", "symlink", "hardlink"])
def test_a_report_never_replaces_the_file_that_is_read(
    keyboard: Keyboard, file: Path, other_name: str
) -> None:
    keyboard.campaign()
    file.write_text("email\na@x.com\nnobody\n")
    report = file if other_name == "itself" else file.with_name("other.csv")
    if other_name == "symlink":
        report.symlink_to(file)
    if other_name == "hardlink":
        report.hardlink_to(file)

    words = ("campaigns", "import", SPRING, file, "--report", report, "--force")
    assert "is in use" in keyboard.refused(2, *words)
    assert file.read_text() == "email\na@x.com\nnobody\n"


def test_columns_of_other_names_and_separators_are_taken(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_text("\ufeffE-Mail;Given = Name\nzoe@bücher.example;Zoë\n")
    words = ("campaigns", "import", SPRING, file)

    assert "no column email; its columns are E-Mail, Given" in keyboard.refused(1, *words)
    named = (*words, "--map", "e-mail=email", "--map", "Given = Name=name")
    assert "separated by semicolons." in keyboard.do(*named)
    assert person_at(keyboard, "zoe@bücher.example").name == "Zoë"


@pytest.mark.parametrize("name", ["email", "=email", "E-Mail="])
def test_a_name_of_a_column_that_cannot_be_read_is_told(
    keyboard: Keyboard, file: Path, name: str
) -> None:
    words = ("campaigns", "import", SPRING, file, "--map", name)
    assert "Expected HEADER=COLUMN" in keyboard.refused(2, *words)


def test_the_same_person_by_either_form_of_the_domain_is_one(
    keyboard: Keyboard, file: Path
) -> None:
    keyboard.campaign()
    file.write_text("email\nzoe@bücher.example\n")
    keyboard.do("campaigns", "import", SPRING, file)
    file.write_text("email\nZOE@xn--bcher-kva.example\n")

    told = keyboard.json("campaigns", "import", SPRING, file)
    assert (told["taken"], told["known"]) == (0, 1)
    for form in ("zoe@BÜCHER.example", "zoe@xn--bcher-kva.example"):
        assert keyboard.json("recipients", "why", form, "--campaign", SPRING)
    assert person_at(keyboard, "zoe@xn--bcher-kva.example").address == "zoe@bücher.example"


def test_the_same_file_again_takes_nobody_twice(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign(people_file(file, 5))

    told = keyboard.do("campaigns", "import", SPRING, file)

    assert told == (
        f"{SPRING}: 0 taken, 5 known already, 0 stopped before, 0 suppressed, 0 rejected, of "
        "5 lines."
    )
    assert keyboard.json("recipients", "list", "--campaign", SPRING)["total"] == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"email,name\na@x.com,A\nb@x.com,Zo\xeb\n", "line 3: not UTF-8"),
        ("email\na@x.com\n".encode("utf-16"), "line 1: not UTF-8"),
        (b"mail\na@x.com\n", "no column email; its columns are mail"),
        (b"", "no column email; its columns are none"),
        (b'email,name\na@x.com,A\nb@x.com,"B\n', "line 3: not readable as CSV"),
        (b"email\na@x.com\n" + b"a" * 1_000_001, "longer than"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(
    keyboard: Keyboard, file: Path, content: bytes, said: str
) -> None:
    keyboard.campaign()
    file.write_bytes(content)

    assert said in keyboard.refused(1, "campaigns", "import", SPRING, file)
    assert keyboard.json("recipients", "list", "--campaign", SPRING)["total"] == 0
    assert not Path(f"{file}.rejected.csv").exists()


def test_lines_of_another_encoding_can_be_rejected_singly(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_bytes(b"email,name\na@x.com,A\nb@x.com,Zo\xeb\nc@x.com,C\n")

    told = keyboard.json("campaigns", "import", SPRING, file, "--skip-undecodable")

    assert (told["taken"], told["rejected"]) == (2, 1)
    assert rows(Path(told["report"]))[1] == ["3", "name", "is not UTF-8", "Zo\\xeb"]


def test_files_that_cannot_be_opened_or_written_are_told(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    assert "No such file" in keyboard.refused(1, "campaigns", "import", SPRING, file)
    people_file(file, 1)
    nowhere = file.with_name("no") / "report.csv"
    said = keyboard.refused(1, "campaigns", "import", SPRING, file, "--report", nowhere)
    assert f"{nowhere} cannot be written: No such file" in " ".join(said.split())


def test_a_header_is_no_formula_in_the_report(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    file.write_text('email,"=HYPERLINK(""http://x"")"\na@x.com\n')

    keyboard.do("campaigns", "import", SPRING, file)

    (_, rejected) = rows(Path(f"{file}.rejected.csv"))
    assert rejected[1].startswith("'=hyperlink")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1"])
def test_what_a_spreadsheet_takes_for_a_formula_is_quoted(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


def test_repeated_addresses_are_found_however_many_stand_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.csv.duplicate_addresses.IN_MEMORY", 7)
    with Seen() as seen:
        assert [seen.first_line(f"a{n}", n) for n in range(1, 100)] == [*range(1, 100)]
        assert [seen.first_line(f"a{n}", 1_000) for n in range(1, 100)] == [*range(1, 100)]


PEAK = """
import re, sys
from pathlib import Path
from adapters.program import app
app(sys.argv[1:], standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""
"""``ru_maxrss`` would be that of the test's process where it is more."""


def peak(keyboard: Keyboard, file: Path) -> int:
    """Kilobytes that an import of this file needs at most."""
    words = ["campaigns", "import", SPRING, str(file), "--store", str(keyboard.store)]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
    )
    return int(done.stderr)


@pytest.mark.parametrize("lines", [50_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_a_huge_file_is_streamed(tmp_path: Path, lines: int) -> None:
    """Lines of 1,000 octets each need no more memory than lines of 40, but for a page."""
    peaks = []
    for name, filling in (("short", ""), ("long", "x" * 1_000)):
        keyboard = Keyboard(tmp_path / f"{name}.db", tmp_path)
        keyboard.campaign()
        file = people_file(tmp_path / f"{name}.csv", lines, filling)
        peaks.append(peak(keyboard, file))

    short, long = peaks
    assert file.stat().st_size > 1_000 * lines
    assert long - short < 60_000
    assert long < 500_000


def wait_for_the_import(process: subprocess.Popen[str], file: Path) -> None:
    while process.poll() is None and not [*file.parent.glob(".*.rejected.csv.*.partial")]:
        pass


@pytest.mark.kills
def test_ctrl_c_leaves_whole_pages_and_says_how_many(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    people_file(file, 150_000)
    process = spawn("campaigns", "import", SPRING, file, "--store", keyboard.store, "--json")
    wait_for_the_import(process, file)
    os.kill(process.pid, signal.SIGINT)
    said, complaint = process.communicate(timeout=60)

    assert process.returncode == 130, complaint
    assert "Import the file again" in complaint
    assert '"interrupted": true' in said
    taken = keyboard.json("recipients", "list", "--campaign", SPRING)["total"]
    assert f'"taken": {taken},' in said
    assert 0 < taken < 150_000
    rest = keyboard.json("campaigns", "import", SPRING, file)
    assert (rest["taken"], rest["known"]) == (150_000 - taken, taken)


@pytest.mark.kills
def test_killed_at_any_page_the_import_goes_on_where_it_was(keyboard: Keyboard, file: Path) -> None:
    keyboard.campaign()
    people_file(file, 60_000)
    process = spawn("campaigns", "import", SPRING, file, "--store", keyboard.store)
    wait_for_the_import(process, file)
    process.kill()
    process.communicate()

    told = keyboard.json("campaigns", "import", SPRING, file)
    assert told["taken"] + told["known"] == 60_000
    assert keyboard.json("recipients", "list", "--campaign", SPRING)["total"] == 60_000


def test_the_memory_is_measured_in_kilobytes() -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 10_000
    assert SENDLEDGER.exists()
