"""``sendledger health``: a line and an exit code for whatever watches a store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.composition.programs import running
from adapters.settings.loading import load_settings
from tests.cli.keyboard import Keyboard
from tests.law.story import connect
from tests.postgres import PostgresServer


@pytest.fixture
def impatient() -> Iterator[None]:
    """Whatever waits at all waits for too long."""
    os.environ["SENDLEDGER_OVERDUE_AFTER"] = "0.000001"
    yield
    del os.environ["SENDLEDGER_OVERDUE_AFTER"]


def test_a_store_that_is_kept_is_well(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("accounts")

    assert keyboard.do("health") == "Well."
    told = keyboard.json("health")
    assert list(told) == [
        "well",
        "reasons",
        "at",
        "position",
        "fenced",
        "views",
        "due",
        "late_checks",
        "relay",
        "signed",
        "webhooks",
        "parked",
    ]
    assert told["well"] is True
    assert told["reasons"] == []
    assert told["due"] == {"workspaces": 0, "seconds": 0.0}
    assert list(told["views"][0]) == [
        "name",
        "position",
        "events_behind",
        "seconds_behind",
        "stopped_at",
        "error",
        "stopped_since",
    ]


@pytest.mark.rule("C3")
def test_what_only_an_operator_can_put_right_is_told_until_it_is(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("accounts")
    with running(load_settings(store=str(keyboard.store))) as program:
        program.opened.coordination.alarm("google", "Our client secret is unknown there.")

    ran = keyboard.type("health")

    assert ran.code == 1
    assert ran.output.rstrip().endswith("Z: Our client secret is unknown there.")
    with running(load_settings(store=str(keyboard.store))) as program:
        program.opened.coordination.calm("google")
    assert keyboard.do("health") == "Well."


@pytest.mark.usefixtures("impatient")
def test_what_is_not_well_is_told_a_reason_a_line_and_by_the_exit_code(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    something_happens_without_a_worker(keyboard)

    ran = keyboard.type("health")

    assert ran.code == 1
    lines = ran.output.splitlines()
    assert len(lines) == 7
    assert all(line.endswith("Does a worker keep the projections?") for line in lines)
    as_json = keyboard.type("health", "--json")
    assert as_json.code == 1
    assert '"well": false' in as_json.output
    keyboard.do("projections", "catch-up")
    assert keyboard.do("health") == "Well."


def something_happens_without_a_worker(keyboard: Keyboard) -> None:
    """Another program acts, and leaves the views to whoever keeps them."""
    settings = load_settings(store=keyboard.store)
    with running(settings) as program:
        reply = program.engine.execute("main", connect("cleo@acme.test"), command_id="c", actor="t")
    assert reply.refusal is None


def test_an_outbox_that_cannot_be_written_is_told(keyboard: Keyboard, tmp_path: Path) -> None:
    keyboard.two_accounts()
    keyboard.do("accounts")
    in_the_way = tmp_path / "letters"
    outbox = in_the_way / "to" / "owners"
    os.environ["SENDLEDGER_OUTBOX"] = str(outbox)
    try:
        assert keyboard.do("health") == "Well."
        assert not in_the_way.exists(), "nothing is made by asking"
        in_the_way.touch()

        ran = keyboard.type("health")
    finally:
        del os.environ["SENDLEDGER_OUTBOX"]

    assert ran.code == 1
    assert ran.output == f"The outbox {outbox} cannot be written: look at {in_the_way}.\n"


def test_where_nothing_is_parked_that_is_said(keyboard: Keyboard) -> None:
    keyboard.two_accounts()

    assert keyboard.do("parked") == "Nothing is parked."
    assert keyboard.json("parked") == {"parked": []}
    assert "Workspace main is not parked." in keyboard.refused(4, "unpark", "main")


def test_a_store_that_is_not_there_is_not_well(tmp_path: Path) -> None:
    keyboard = Keyboard(tmp_path / "nowhere.db", tmp_path)

    ran = keyboard.type("health")

    assert ran.code == 1
    assert ran.output.startswith("There is no store ")
    assert not (tmp_path / "nowhere.db").exists()


def test_a_schema_that_does_not_fit_is_not_well(postgres_url: str, tmp_path: Path) -> None:
    ran = Keyboard(postgres_url, tmp_path).type("health")

    assert ran.code == 1
    assert "sendledger store migrate" in ran.output


def test_a_server_that_is_gone_is_told_without_a_password(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = own_postgres.create_database().replace("sendledger@", "sendledger:hunter2@")
    keyboard = Keyboard(url, tmp_path)
    keyboard.two_accounts()
    keyboard.do("accounts")
    assert keyboard.do("health") == "Well."

    own_postgres.stop()
    ran = keyboard.type("health", "--json")

    assert ran.code == 1
    assert "cannot be reached" in ran.output
    assert "hunter2" not in ran.output + ran.complaint
