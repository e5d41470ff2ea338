"""The command line: what it prints, for people and for programs, and how it ends."""

import json
import sqlite3
import subprocess
import sys
from contextlib import chdir, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from adapters.program import app
from tests.law.scenarios import SCENARIOS
from tests.law.story import ANN, BOB, CLEO, R1, SPRING
from tests.workplace import ACME, much_happens, on_file

SENDLEDGER = Path(sys.executable).with_name("sendledger")
TINY = """\
start: 2026-03-02T09:00:00Z
script:
  - {at: 0s, connect: {slot: s1, account: ann@acme.test}}
  - at: 1m
    create_campaign: {campaign: spring, mode: rotation, from: [ann@acme.test], recipients: [r1]}
  - {at: 2m, add_sender: {campaign: spring, account: ann@acme.test}}
until: 1h
"""


class Ran(NamedTuple):
    exit_code: int
    output: str
    complaint: str

    @property
    def json(self) -> Any:
        assert self.exit_code == 0, self.complaint
        return json.loads(self.output)


def run(*arguments: object) -> Ran:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on which much has happened."""
    path = tmp_path_factory.mktemp("cli") / "sendledger.db"
    much_happens(on_file(path)).store.close()
    return path


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


# simulate


def test_a_scenario_is_told_to_a_person(scenario: Path) -> None:
    ran = run("simulate", scenario)

    assert ran.exit_code == 0
    for part in (
        "0d 00:00:00  connect: slot s1, account ann@acme.test",
        "refused (already_in_campaign)",
        "How it ends, 2026-03-02 10:00:00 UTC",
        "Campaign spring is draft",
    ):
        assert part in ran.output


def test_a_scenario_is_told_to_a_program(scenario: Path) -> None:
    told = run("simulate", scenario, "--json").json

    assert list(told) == [
        "at",
        "accounts",
        "campaigns",
        "clocks",
        "notifications",
        "refused",
        "events",
    ]
    assert told["at"] == "2026-03-02T10:00:00Z"
    assert told["accounts"]["ann@acme.test"]["status"] == "successful"
    assert told["campaigns"]["spring"]["recipients"]["r1"]["status"] == "pending"
    (refused,) = told["refused"]
    assert (refused["step"], refused["reason"]) == (3, "already_in_campaign")
    assert [event["position"] for event in told["events"]] == [*range(1, len(told["events"]) + 1)]


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["for people", "for programs"])
def test_a_scenario_told_twice_is_the_same_to_the_byte(arguments: tuple[str, ...]) -> None:
    """In two processes, whose sets and maps stand in different orders."""
    scenario = next(path for path in SCENARIOS if path.stem == "clocks")
    first, second = (
        subprocess.run(
            [SENDLEDGER, "simulate", str(scenario), *arguments],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "COLUMNS": "120"},
        ).stdout
        for seed in ("1", "2")
    )

    assert first == second
    assert len(first) > 1_000


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("start: [", 1, "expected YAML"),
        ("", 1, "found an empty file"),
        ("start: tomorrow\nscript: []\n", 1, "expected an ISO 8601 time"),
        (TINY.replace("add_sender", "teleport"), 6, "found 'teleport'"),
        (TINY.replace("mode: rotation", "mode: spiral"), 5, "create_campaign.mode"),
        (TINY.replace("at: 2m", "at: 0s"), 6, "expected `at` not to decrease"),
    ],
)
def test_a_scenario_that_cannot_be_read_is_told_with_its_line(
    scenario: Path, text: str, line: int, expected: str
) -> None:
    scenario.write_text(text)

    ran = run("simulate", scenario)

    assert (ran.exit_code, ran.output) == (2, "")
    assert ran.complaint.startswith(f"{scenario}:{line}: ")
    assert expected in ran.complaint
    assert len(ran.complaint.splitlines()) == 1
    error = json.loads(run("simulate", scenario, "--json").complaint)["error"]
    assert error == {"code": "unreadable_scenario", "message": ran.complaint.strip()}


def test_a_scenario_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = run("simulate", tmp_path / "nowhere.yaml")

    assert (ran.exit_code, ran.output) == (2, "")
    assert (
        ran.complaint == f"{tmp_path}/nowhere.yaml:1: expected a file: No such file or directory\n"
    )


# Answers.


def ask(store: Path, name: str, *arguments: object) -> Any:
    """One answer, as a program reads it."""
    return run(name, "--store", store, "--workspace", ACME, "--json", *arguments).json


def test_accounts_for_programs(store: Path) -> None:
    told = ask(store, "accounts")

    (ann, bob, cleo) = told["accounts"]
    assert [ann["account_id"], bob["account_id"], cleo["account_id"]] == [ANN, BOB, CLEO]
    assert list(ann) == ["account_id", "status", "slot_id", "since", "reason", "deadline_at"]
    assert (ann["status"], ann["deadline_at"]) == ("successful", None)
    assert (cleo["status"], cleo["since"]) == ("failed", "2026-03-02T12:00:00Z")
    assert cleo["deadline_at"] == "2026-03-11T12:00:00Z"
    assert cleo["reason"]


def test_campaigns_for_programs(store: Path) -> None:
    told = ask(store, "campaigns")

    solo, spring = told["campaigns"]
    assert list(solo) == [
        "campaign_id",
        "mode",
        "slot_id",
        "status",
        "pause_causes",
        "from_email",
    ]
    assert (solo["mode"], solo["slot_id"], solo["status"]) == ("single", "s3", "paused")
    assert solo["pause_causes"] == [f"connection:{CLEO}"]
    assert (spring["mode"], sorted(spring["from_email"])) == ("rotation", [ANN, BOB])


def test_recipients_for_programs(store: Path) -> None:
    told = ask(store, "recipients", "--campaign", SPRING)["recipients"]
    stopped = ask(store, "recipients", "--campaign", SPRING, "--status", "campaign_stopped")
    first = ask(store, "recipients", "--campaign", SPRING, "--limit", 1)

    assert [each["recipient_id"] for each in told] == ["r1", "r2", "r3", "r4", "r5", "r6", "r7"]
    assert [each["recipient_id"] for each in stopped["recipients"]] == ["r1", "r5"]
    assert first["recipients"] == told[:1]
    assert told[0] == {
        "recipient_id": R1,
        "status": "campaign_stopped",
        "sender": ANN,
        "sender_fixed": True,
        "emails_received": 1,
        "stopped_at": "2026-03-02T13:01:00Z",
        "stop_reason": "grace_period_expired",
    }


def test_clocks_for_programs(store: Path) -> None:
    disconnect, failure = ask(store, "clocks")["clocks"]

    assert (disconnect["account_id"], disconnect["outcome"]) == (ANN, "expired")
    assert (disconnect["started_at"], disconnect["deadline_at"], disconnect["stopped"]) == (
        "2026-03-02T12:01:00Z",
        "2026-03-02T13:01:00Z",
        2,
    )
    assert (failure["account_id"], failure["kind"], failure["outcome"]) == (BOB, "failure", "cured")
    assert failure["cheapest_cure"] is None


def test_notices_for_programs(store: Path) -> None:
    told = ask(store, "notices")["notices"]

    assert [(each["account_id"], each["kind"]) for each in told][:2] == [
        (CLEO, "failure"),
        (ANN, "disconnect"),
    ]
    assert (told[0]["delivered"], told[0]["channel"]) == (True, "maildir")
    assert all(each["issued_at"].endswith("Z") for each in told)


@pytest.mark.parametrize(
    ("name", "arguments", "seen"),
    [
        ("accounts", (), [ANN, "failed", "successful"]),
        ("campaigns", (), [SPRING, f"solo is kept paused by {CLEO}."]),
        ("recipients", ("--campaign", SPRING), ["r1", "campaign_stopped", "replied"]),
        ("recipients", ("--campaign", SPRING, "--limit", "2"), ["… and 5 more"]),
        ("clocks", (), ["expired", "cured", "times in UTC", "2026-03-02 12:"]),
        ("clocks", ("--zone", "Asia/Tokyo"), ["times in Asia/Tokyo", "2026-03-02 21:"]),
        ("status", ("--zone", "Asia/Tokyo"), [SPRING]),
        ("notices", (), [CLEO, "maildir", "yes"]),
    ],
)
def test_answers_for_people_are_tables(
    store: Path, name: str, arguments: tuple[str, ...], seen: list[str]
) -> None:
    shown = subprocess.run(
        [SENDLEDGER, name, "--store", str(store), "--workspace", ACME, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200"},
    ).stdout

    for text in seen:
        assert text in shown


@pytest.mark.parametrize(
    "name", ["accounts", "campaigns", "clocks", "notices", "status", "health", "projections"]
)
def test_an_unknown_workspace_is_not_told_that_all_is_well(store: Path, name: str) -> None:
    ran = run(name, "--store", store, "--workspace", "elsewhere")

    assert ran.exit_code == 4
    assert "There is no workspace elsewhere. Known: acme." in ran.complaint


def test_asking_changes_nothing_in_the_log(store: Path) -> None:
    def log() -> list[Any]:
        with closing(sqlite3.connect(store)) as connection:
            return connection.execute("SELECT * FROM stored_events ORDER BY rowid").fetchall()

    before = log()
    ask(store, "campaigns")

    assert log() == before


# What cannot be answered.


def one_line(ran: Ran, exit_code: int = 1) -> str:
    """The complaint of a command that failed; nothing else was printed, no traceback."""
    assert (ran.exit_code, ran.output) == (exit_code, "")
    (line,) = ran.complaint.splitlines()
    return line


def test_a_store_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    store = tmp_path / "nowhere.db"

    assert f"There is no store {store}." in one_line(run("accounts", "--store", store))
    assert not store.exists()


def test_an_unknown_campaign_is_told_with_those_there_are(store: Path) -> None:
    ran = run("recipients", "--campaign", "winter", "--store", store, "--workspace", ACME)

    assert one_line(ran, 4) == "There is no campaign winter. Known: solo, spring."


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text("Dear diary, " * 100)

    assert "it is no SQLite database" in one_line(run("accounts", "--store", path))


def test_a_log_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "sendledger.db"
    much_happens(on_file(path)).store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE stored_events SET state = '{\"half' WHERE rowid = 7")
        connection.commit()

    line = one_line(run("campaigns", "--store", path, "--workspace", ACME))

    assert line.startswith("Corrupt event of type ")
    assert " at position 7 (" in line
    assert line.endswith("nothing was skipped.")


def test_a_setting_that_cannot_be_used_is_told(tmp_path: Path, store: Path) -> None:
    (tmp_path / "sendledger.toml").write_text("cache_size = 0")
    with chdir(tmp_path):
        line = one_line(run("accounts", "--store", store))

    assert line.startswith("Setting cache_size: ")
    assert line.endswith("; found 0.")


def test_a_command_that_does_not_exist_is_an_error_of_use() -> None:
    assert run("teleport").exit_code == 2


# About the program.


def test_the_version_is_that_of_the_distribution() -> None:
    ran = run("--version")

    assert (ran.exit_code, ran.output) == (0, "sendledger 0.1.0\n")


def test_help_names_every_command() -> None:
    shown = subprocess.run([SENDLEDGER, "--help"], capture_output=True, text=True, check=True)

    for command in ("simulate", "serve", "accounts", "campaigns", "recipients", "clocks"):
        assert command in shown.stdout
