"""Lists of other programs at the keyboard: rehearsed, imported with their past, imported again."""

import csv
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from adapters.stores.small_tables.inbox_cursors import StoredCursors
from engine.engine import Engine
from engine.work.mailing.inboxes import Cursor
from events.vocabulary import RecipientStatus
from tests.cli.keyboard import IN_A_FILE, MAIN, Keyboard
from tests.law.story import ANN, BOB, SPRING, set_sequence

LISTS = Path(__file__).parents[2] / "examples" / "moving"
"""As these programs export them; names and companies are made up."""
PROGRAMS = pytest.mark.parametrize("program", ["smartlead", "instantly", "lemlist"])
STAND = {
    "mara@nordlicht.example": "active",
    "theo@brightwell.example": "pending",
    "ines@duarte.example": "finished",
    "yuki@tanabe.example": "replied",
    "odd@hagen.example": "bounced",
    "lia@moretti.example": "unsubscribed",
}
OPTIONS: dict[str, list[str]] = {
    "smartlead": ["--set", f"sender={ANN}", "--set", "sent_at=2026-02-26T09:15:00Z"],
    "instantly": [],
    "lemlist": ["--step", "1=intro", "--step", "3=2", "--step", "4=last"],
}
REJECTED = {
    "smartlead": {"8": "status", "9": "step"},
    "instantly": {"8": "status", "9": "sender", "10": "sent_at"},
    "lemlist": {"8": "status", "9": "step"},
}


@pytest.fixture
def desk(keyboard: Keyboard) -> Keyboard:
    """Before a draft that sends from Ann and Bob, in three steps."""
    keyboard.two_accounts()
    keyboard.do("campaigns", "create", SPRING, "--from", ANN, "--from", BOB)
    keyboard.behind(set_sequence())
    return keyboard


def exported(folder: Path, program: str) -> Path:
    return Path(copyfile(LISTS / f"{program}.csv", folder / f"{program}.csv"))


def statuses(desk: Keyboard) -> dict[str, str]:
    told = desk.json("recipients", "list", "--campaign", SPRING, "--names")
    return {each["address"]: each["status"] for each in told["recipients"]}


def events(desk: Keyboard) -> int:
    with desk.opened() as opened:
        return opened.store.last_position()


@PROGRAMS
def test_each_stands_as_it_stood_there(desk: Keyboard, program: str) -> None:
    file = exported(desk.folder, program)
    words = ("recipients", "import", SPRING, file, "--from", program, *OPTIONS[program])

    told = desk.json(*words)
    stand = statuses(desk)
    expected = STAND | {"ned@frost.example": stand.get("ned@frost.example", "")}
    assert {**stand, "ned@frost.example": expected["ned@frost.example"]} == expected
    with Path(told["report"]).open(newline="") as report:
        rows = {row["line"]: row["column"] for row in csv.DictReader(report)}
    assert rows == REJECTED[program]
    assert (told["taken"], told["rejected"]) == (len(stand), len(rows))

    before = events(desk)
    again = desk.json(*words)
    assert (again["taken"], again["known"]) == (0, told["taken"])
    assert events(desk) == before


@PROGRAMS
def test_a_dry_run_says_what_is_done_afterwards_and_writes_nothing(
    desk: Keyboard, program: str
) -> None:
    file = exported(desk.folder, program)
    words = ("recipients", "import", SPRING, file, "--from", program, *OPTIONS[program])
    before = events(desk)

    said = desk.json(*words, "--dry-run")
    assert events(desk) == before
    assert {*desk.folder.glob("*.csv*")} == {file}
    assert desk.id_of("mara@nordlicht.example") is None
    done = desk.json(*words)
    same = ("lines", "taken", "known", "stopped", "rejected", "suppressed")
    assert {name: said[name] for name in same} == {name: done[name] for name in same}
    stand = statuses(desk)
    assert said["statuses"] == {each: [*stand.values()].count(each) for each in stand.values()}
    lines = {str(each["line"]): each["column"] for each in said["rejected_lines"]}
    assert lines == REJECTED[program]


@IN_A_FILE
def test_a_dry_run_tells_a_person_line_by_line(desk: Keyboard) -> None:
    file = exported(desk.folder, "smartlead")
    words = ("recipients", "import", SPRING, file, "--from", "smartlead", "--dry-run")

    told = desk.do(*words, *OPTIONS["smartlead"])
    assert "spring: 7 would be taken, 0 known already" in told
    assert (
        "Statuses: active 1, bounced 1, finished 1, pending 1, replied 1, unsubscribed 2." in told
    )
    assert "Steps: intro 3, last 1, nudge 2. Senders: ann@acme.test 6." in told
    assert "Line 8: status is none by which" in told
    assert "Line 9: step is no step of the campaign: 7." in told
    assert "Nothing was written." in told


@IN_A_FILE
def test_what_was_sent_is_kept_with_its_sender_and_its_time(desk: Keyboard) -> None:
    desk.do(
        "recipients", "import", SPRING, exported(desk.folder, "instantly"), "--from", "instantly"
    )

    mara = desk.json("recipients", "show", "mara@nordlicht.example")
    assert mara["person"]["name"] == "Mara Lindqvist"
    assert (mara["campaigns"][0]["sender"], mara["campaigns"][0]["emails_received"]) == (ANN, 1)
    progress = state(desk, "mara@nordlicht.example").progress
    assert (progress.done, str(progress.last_at)) == (("intro",), "2026-02-26 09:15:00+00:00")
    assert state(desk, "ines@duarte.example").sender == BOB
    told = desk.do("recipients", "why", "mara@nordlicht.example")
    assert f"by which {ANN} had written to them" in told


def state(desk: Keyboard, address: str) -> Any:
    with desk.opened() as opened, Engine(opened.store).look(MAIN) as now:
        return now.campaign(SPRING).recipients[opened.directory.recipient_at(MAIN, address) or ""]


@IN_A_FILE
def test_a_column_of_variables_is_spread_out(desk: Keyboard) -> None:
    file, options = exported(desk.folder, "smartlead"), OPTIONS["smartlead"]
    desk.do("recipients", "import", SPRING, file, "--from", "smartlead", *options)

    variables = desk.json("recipients", "show", "mara@nordlicht.example")["person"]["variables"]
    assert (variables["job title"], variables["team"]) == ("Head of Ops", "12")


@IN_A_FILE
def test_who_is_known_or_suppressed_here_stays_so(desk: Keyboard) -> None:
    people = desk.folder / "people.csv"
    people.write_text("email\nmara@nordlicht.example\n")
    desk.do("campaigns", "import", SPRING, people)
    file = exported(desk.folder, "lemlist")
    desk.do("recipients", "import", SPRING, file, "--from", "lemlist", *OPTIONS["lemlist"])
    assert statuses(desk)["mara@nordlicht.example"] == RecipientStatus.PENDING

    desk.do("campaigns", "create", "summer", "--from", ANN)
    desk.behind(set_sequence(campaign="summer"))
    for dry in (["--dry-run"], []):
        told = desk.json("recipients", "import", "summer", file, "--from", "lemlist", *dry)
        assert told["suppressed"] == 1


@IN_A_FILE
def test_inboxes_are_read_from_the_beginning_afterwards(desk: Keyboard) -> None:
    """An answer that was read while nobody knew its sender counts after all (M4)."""
    with desk.opened() as opened:
        for account in (ANN, BOB):
            StoredCursors(opened.beside).move(MAIN, account, Cursor("17:4"))
    file = exported(desk.folder, "lemlist")
    desk.do("recipients", "import", SPRING, file, "--from", "lemlist", "--dry-run")
    with desk.opened() as opened:
        assert {*StoredCursors(opened.beside).all(MAIN)} == {ANN, BOB}

    desk.do("recipients", "import", SPRING, file, "--from", "lemlist")
    with desk.opened() as opened:
        assert not StoredCursors(opened.beside).all(MAIN)


@IN_A_FILE
@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_what_cannot_be_is_refused_whole(desk: Keyboard, dry: list[str]) -> None:
    file = exported(desk.folder, "lemlist")
    words = ("recipients", "import", SPRING, file, "--from", "lemlist", *dry)
    before = events(desk)

    assert "--set knows step" in desk.refused(2, *words, "--set", "colour=red")
    desk.refused(4, "recipients", "import", "winter", file, "--from", "lemlist", *dry)
    desk.refused(2, "recipients", "import", SPRING, file, "--from", "mailchimp", *dry)
    file.write_bytes("email,status\nmüller@x.example,contacted\n".encode("latin-1"))
    assert "not UTF-8" in desk.refused(1, *words)
    file.write_text("name,status\nMara,contacted\n")
    assert "no column email" in desk.refused(1, *words)
    file.write_text(f"email,status\nmara@nordlicht.example,{'x' * 200_000}\n")
    assert "line 2: not readable" in desk.refused(1, *words)
    assert events(desk) == before


HOSTILE = [
    ("=HYPERLINK(1)", "1", ANN, "2026-02-20", "status"),
    ("INPROGRESS", "=1+1", ANN, "2026-02-20", "step"),
    ("INPROGRESS", "-1", ANN, "2026-02-20", "step"),
    ("INPROGRESS", "٢", ANN, "2026-02-20", None),
    ("INPROGRESS", "9" * 9_000, ANN, "2026-02-20", "step"),
    ("INPROGRESS", "1", "=cmd|' /C calc'!A0", "2026-02-20", "sender"),
    ("INPROGRESS", "1", f"{ANN}\0", "2026-02-20", None),
    ("INPROGRESS", "1", ANN, "9999-12-31T23:59:59-12:00", "sent_at"),
    ("INPROGRESS", "1", ANN, "0001-01-01T00:00:00+12:00", "sent_at"),
    ("INPROGRESS", "1", ANN, "yesterday", "sent_at"),
    ("IN\0PROGRESS", "1", ANN, "", None),
    ("", "1", ANN, "", "status"),
    ("x" * 100_000, "1", ANN, "", "status"),
]


@IN_A_FILE
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_cells_are_rejected_with_their_line(desk: Keyboard, number: int) -> None:
    *cells, column = HOSTILE[number]
    file = desk.folder / "list.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["email", "status", "step", "sender", "sentAt", "customFields"])
        rows.writerow(["mara@nordlicht.example", *cells, "[" * 9_000])

    told = desk.json("recipients", "import", SPRING, file, "--from", "smartlead")
    assert told["rejected"] == (column is not None)
    if column is not None:
        text = Path(told["report"]).read_text()
        assert text.splitlines()[1].startswith(f"2,{column},")
        assert ",=" not in text


UNSAID = [
    ("instantly", "email,status\nmara@nordlicht.example,Active\n", "sender"),
    ("instantly", f"email,status,sender\nmara@nordlicht.example,Active,{ANN}\n", "step"),
    ("instantly", "email,status,timestamp_last_contact\nm@x.example,1,2026-02-20\n", "sender"),
    ("smartlead", "email,status,last_sent_time\nm@x.example,STARTED,2026-02-20\n", "sender"),
    ("smartlead", f"email,status,sender\nm@x.example,INPROGRESS,{ANN}\n", "step"),
    ("lemlist", f"email,status,step,sender\nm@x.example,contacted,1,{ANN}\n", "step"),
    ("lemlist", f"email,status,step,sender\nm@x.example,contacted,0,{ANN}\n", "step"),
]


@IN_A_FILE
@pytest.mark.rule("M1", "M2")
@pytest.mark.parametrize("number", range(len(UNSAID)))
def test_nobody_is_new_who_may_have_heard_something(desk: Keyboard, number: int) -> None:
    program, text, column = UNSAID[number]
    file = desk.folder / "list.csv"
    file.write_text(text)
    words = ("recipients", "import", SPRING, file, "--from", program, "--dry-run")

    told = desk.json(*words)
    assert (told["taken"], told["rejected_lines"][0]["column"]) == (0, column)
    said = ("--set", f"sender={BOB}", "--set", "step=1", "--step", "1=intro", "--step", "0=1")
    assert desk.json(*words, *said)["steps"] == {"intro": 1}
