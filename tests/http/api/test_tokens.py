"""Tokens: for how long and where they are good, what the file keeps of them, and their commands."""

import time
from pathlib import Path

import pytest

from adapters.http.credentials import KNOWN_FOR
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNKNOWN, EXIT_UNREADABLE
from adapters.settings.model import EngineSettings
from tests.cli.keyboard import Keyboard
from tests.http.commands.callers import Caller, Door

CASE = "/campaigns/spring/recipients/r1"
VIEWER = ("--role", "viewer")
embedded = pytest.mark.parametrize("product", ["sqlite"])


@pytest.fixture
def keyboard(house: Door, settings: EngineSettings, tmp_path: Path) -> Keyboard:
    """In front of the store that is served."""
    assert house.port
    return Keyboard(str(settings.store), tmp_path)


def _is_refused_soon(caller: Caller) -> bool:
    ends = time.monotonic() + 30 * KNOWN_FOR
    while time.monotonic() < ends:
        if caller.get("/accounts").status == 401:
            return True
    return False


def test_a_token_is_made_used_listed_and_revoked_beside_a_running_server(
    house: Door, keyboard: Keyboard
) -> None:
    words = ("--role", "auditor", "--workspace", "acme", "--for", "P1D")
    made = keyboard.json("tokens", "create", "--name", "nightly", *words)
    caller = Caller(house.port, made["token"])
    assert caller.get("/accounts").status == 200
    (listed,) = keyboard.json("tokens", "list")["tokens"]
    assert (listed["name"], listed["role"], listed["workspace"]) == ("nightly", "auditor", "acme")
    assert listed["used_at"] is not None
    assert made["token"] not in keyboard.do("tokens", "list")
    assert keyboard.json("tokens", "revoke", "nightly") == {"name": "nightly", "revoked": True}
    assert _is_refused_soon(caller)
    caller.close()
    assert keyboard.json("tokens", "list") == {"tokens": []}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("create", "--name", "ops", "--role", "viewer"),
            EXIT_FAILED,
            "There is a token ops already",
        ),
        (("revoke", "nobody"), EXIT_UNKNOWN, "There is no token nobody"),
        (
            ("create", "--name", "a", *VIEWER, "--for", "P2000D"),
            EXIT_UNREADABLE,
            "--for",
        ),
        (("create", "--name", "", *VIEWER), EXIT_UNREADABLE, "token"),
    ],
)
@embedded
def test_a_token_that_cannot_be_is_told(
    house: Door, keyboard: Keyboard, words: tuple[str, ...], code: int, says: str
) -> None:
    house.caller("ops").close()
    complaint = keyboard.refused(code, "tokens", *words)
    assert says in " ".join(complaint.split())


@embedded
def test_the_file_keeps_no_token(house: Door, settings: EngineSettings, keyboard: Keyboard) -> None:
    made = keyboard.json("tokens", "create", "--name", "a", "--role", "viewer")["token"]
    caller = Caller(house.port, made)
    assert caller.get("/accounts").status == 200
    caller.close()
    path = Path(str(settings.store))
    for each in path.parent.glob(f"{path.name}*"):
        octets = each.read_bytes()
        assert made.encode() not in octets
        assert made.removeprefix("slk_").encode() not in octets


def test_staff_come_change_and_go_by_commands(keyboard: Keyboard) -> None:
    added = keyboard.json("staff", "add", "ann", "--role", "support", "--workspace", "acme")
    again = keyboard.json("staff", "invite", "ann")
    assert "/welcome/" in added["link"]
    assert added["link"] != again["link"]
    keyboard.json("staff", "set", "ann", "--role", "viewer")
    known = {each["name"]: each for each in keyboard.json("staff", "list")["staff"]}
    assert (known["ann"]["role"], known["ann"]["password"]) == ("viewer", None)
    assert "admin" in known, "who is invited when nobody can sign in"
    keyboard.json("staff", "remove", "ann")
    assert "ann" not in keyboard.do("staff", "list")
    keyboard.refused(EXIT_UNKNOWN, "staff", "remove", "ann")
    keyboard.refused(EXIT_UNREADABLE, "staff", "add", "sso:eve", "--role", "admin")


def test_looks_at_cases_are_told_by_a_command(auditor: Caller, keyboard: Keyboard) -> None:
    """F3"""
    auditor.get(CASE)
    auditor.get(f"{CASE}?at=2026-03-02T12:30:00Z")
    (first, second) = keyboard.json("looks", "--workspace", "acme")["looks"]
    assert (first["by"], first["recipient_id"]) == ("token:ops", "r1")
    after = ("--after", first["number"])
    assert keyboard.json("looks", "--workspace", "acme", *after)["looks"] == [second]


def test_a_case_that_cannot_be_recorded_as_looked_at_is_not_shown(
    house: Door, auditor: Caller
) -> None:
    """F3: somebody has moved the table away."""
    assert auditor.get(CASE).status == 200
    with house.program.opened.beside.writing() as cursor:
        cursor.execute("ALTER TABLE looks RENAME TO elsewhere")
    answer = auditor.get(CASE)
    assert answer.status >= 500
    assert "r1" not in answer.text
    assert auditor.get("/accounts").status == 200
