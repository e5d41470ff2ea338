"""A restored store at every door: fenced at once, then reconciled and opened by a person (M6)."""

import json
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.keyboard import Keyboard
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    MINUTE,
    NOON,
    R1,
    R2,
    SPRING,
    fail,
    one_click,
    resume,
)
from tests.postgres import NamedServer
from tests.work.copies import Copying, Databases, Files
from tests.work.restored import Sender
from tests.worker.processes import Process, eventually
from tests.workplace import ACME

HERE = ("--workspace", ACME)


@pytest.fixture(params=["sqlite", "postgresql"])
def copying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copying]:
    if request.param == "sqlite":
        (tmp_path / "stores").mkdir()
        yield Files(tmp_path / "stores")
        return
    server: NamedServer = request.getfixturevalue("postgres_server")
    with closing(Databases(server)) as databases:
        yield databases


@pytest.fixture
def keyboard(copying: Copying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyboard:
    """In front of a restored store. Ann failed before the backup; what happened to her since, and
    a message that Bob sent, is lost. It was noticed long ago."""
    sender = Sender(copying, tmp_path / "elsewhere")
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(fail(ANN))
    backup = sender.backup()
    sender.at(NOON + DAY)
    with sender.running() as program:
        program.given(one_click(ANN, credentials="vault:1"), resume())
        sender.send(program, BOB, R2)
    sender.at(NOON + DAY + MINUTE)
    monkeypatch.setenv("SENDLEDGER_WITNESS", str(sender.witness))
    with sender.running(backup) as program:
        assert program.opened.fence.closed() is not None
    return Keyboard(backup, tmp_path)


def names(keyboard: Keyboard) -> list[str]:
    with keyboard.opened() as opened:
        return [row[3] for row in opened.store.read(0, 10_000).rows]


@pytest.mark.rule("M6", "S7")
def test_every_door_of_a_restored_store_is_fenced(keyboard: Keyboard, tmp_path: Path) -> None:
    before = names(keyboard)
    status = keyboard.json("status", *HERE)
    assert "its witness knows event" in status["fenced"]
    (clock,) = status["clocks"]
    assert clock["account_id"] == ANN, "long overdue, and running all the same"
    assert "store is fenced" in keyboard.do("status", *HERE)
    assert "store_fenced" in keyboard.refused(3, "campaigns", "resume", SPRING, *HERE)
    assert "fenced" in keyboard.type("health").output
    work = Process(tmp_path / "serve.log", "serve", "--store", keyboard.store)
    try:
        work.begun()
        assert work.told("the store is fenced")
        keyboard.do("recipients", "replied", R1, "--campaign", SPRING, *HERE)
        eventually(lambda: len(names(keyboard)) > len(before))
    finally:
        assert work.stopped(signal.SIGTERM) == 0
    assert names(keyboard)[len(before) :] == ["RecipientReplied"]

    told = Process(
        tmp_path / "relay.log", "relay", "--kafka", "127.0.0.1:1", "--store", keyboard.store
    )
    assert told.process.wait(20) == 1
    assert told.told("The store is fenced")


@pytest.mark.rule("M6", "S3")
def test_a_person_opens_it_knowing_what_is_at_stake(keyboard: Keyboard) -> None:
    """Nobody can sign in here: nothing is found, and nobody passes."""
    seen = keyboard.json("store", "reconcile", "--dry-run")
    assert seen["witness"]["position"] > seen["last_position"]
    assert seen["recipients_to_search"] == 3
    assert [each["account_id"] for each in seen["clocks_due"]] == [ANN]
    before = names(keyboard)
    assert "Nothing was changed" in keyboard.type("store", "reconcile", answer="n\n").complaint
    assert names(keyboard) == before

    ran = keyboard.type("store", "reconcile", "--yes", "--json")
    assert ran.code == 3, ran
    done = json.loads(ran.output)
    assert done["accounts"] == {ANN: False}
    assert done["fenced"]
    (number,) = done["to_confirm"].values()
    assert "--confirm ann@acme.test=" in keyboard.type("store", "reconcile", "--yes").output

    keyboard.refused(2, "store", "reconcile", "--yes", "--confirm", ANN)
    assert keyboard.type("store", "reconcile", "--yes", "--confirm", f"{ANN}={number + 1}").code
    said = keyboard.do("store", "reconcile", "--yes", "--confirm", f"{ANN}={number}")
    assert "The store is open." in said
    assert keyboard.json("status", *HERE)["fenced"] is None
    assert "not fenced" in keyboard.refused(1, "store", "reconcile", "--yes")
    keyboard.do("campaigns", "resume", SPRING, *HERE)
    assert "GracePeriodExpired" in names(keyboard)


@pytest.mark.rule("M6")
def test_a_person_types_the_number(keyboard: Keyboard) -> None:
    ran = keyboard.type("store", "reconcile", answer="y\nno\n")
    assert ran.code == 3, ran
    assert "Type 1 to let it expire" in ran.complaint

    ran = keyboard.type("store", "reconcile", answer="y\n1\n")

    assert ran.code == 0, ran
    assert "The store is open." in ran.output


def test_a_witness_beside_the_store_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDLEDGER_WITNESS", str(tmp_path / "below"))
    said = Keyboard(tmp_path / "store.db", tmp_path).refused(1, "store", "migrate")
    assert "expected a folder outside of the store's own" in said
