"""A store that is brought back from yesterday's backup, under real workers (M6)."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from aggregates.email_account.commands import UpdateSettings
from engine.fence import ALARM
from engine.ports.clock import ManualClock
from events.vocabulary import Settings
from tests.postgres import PostgresServer
from tests.worker.office import ANN, BOB, INTRO, NO_GAP, NUDGE, UNLIMITED, Office
from tests.worker.processes import Process, eventually
from tests.workplace import log_of

pytestmark = [pytest.mark.kills, pytest.mark.rule("M6", "M2")]

PEOPLE, TODAY, MANY = 6, 4, 60
TWO_A_DAY = Settings(sending_speed=TODAY // 2, limits={"gap": 0})
FILING = {ANN: True, BOB: True}
"""A provider whose Sent folders prove what was not sent, too."""
LONG_AGO = timedelta(minutes=15)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([]) as sandbox:
        yield sandbox


def names(office: Office) -> list[str]:
    with office.room.opened() as opened:
        return [type(each.event).__name__ for each in log_of(opened.store)]


def sends_nothing(office: Office, worker: Process) -> None:
    """The worker says why, and what the store lacks is neither sent nor reserved again."""
    eventually(lambda: worker.told("the store is fenced"))
    time.sleep(2)
    assert office.many() == TODAY
    assert "SendReserved" not in names(office)


def reconcile(office: Office) -> None:
    """As a quarter of an hour after it was noticed."""
    with closing(office.opened_at(ManualClock(datetime.now(UTC) - LONG_AGO))) as opened:
        (alarm,) = (each for each in opened.coordination.alarms() if each.about == ALARM)
        opened.coordination.calm(ALARM)
        opened.coordination.alarm(ALARM, alarm.text)
    said = office.done("store", "reconcile", "--yes")
    assert said.told("The store is open"), said.output.read_text()


def sends_the_rest(office: Office) -> None:
    """Nobody gets again what the store has forgotten."""
    assert names(office).count("SendReserved") == TODAY
    office.tell(*(UpdateSettings(account_id=each, settings=NO_GAP) for each in (ANN, BOB)))
    eventually(lambda: office.many() == 2 * PEOPLE)
    assert set(office.copies().values()) == {1}
    assert {step for _, step in office.copies()} == {INTRO, NUDGE}


@pytest.mark.parametrize("words", [("work", "--only", "mail"), ("serve",)])
def test_a_database_brought_back_under_a_running_worker_is_noticed_and_reconciled(
    own_postgres: PostgresServer, sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    office = Office(sandbox, own_postgres.create_database(), tmp_path, FILING, words)
    office.begin(PEOPLE, settings=TWO_A_DAY)
    own_postgres.backup(tmp_path / "yesterday")
    worker = office.start()
    try:
        eventually(lambda: names(office).count("EmailAccepted") == TODAY)
        own_postgres.bring_back(tmp_path / "yesterday")
        sends_nothing(office, worker)
        reconcile(office)
        sends_the_rest(office)
    finally:
        assert worker.stopped(signal.SIGTERM) == 0


def test_a_database_brought_back_in_the_middle_of_sending_doubles_no_message(
    own_postgres: PostgresServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    url = own_postgres.create_database()
    office = Office(sandbox, url, tmp_path, FILING, ("work", "--only", "mail"))
    office.begin(MANY, settings=UNLIMITED)
    own_postgres.backup(tmp_path / "yesterday")
    worker = office.start()
    try:
        eventually(lambda: office.many() >= TODAY)
        own_postgres.bring_back(tmp_path / "yesterday")
        eventually(lambda: worker.told("the store is fenced"))
        time.sleep(1)
        reconcile(office)
        eventually(lambda: office.waiting() == 0)
    finally:
        assert worker.stopped(signal.SIGTERM) == 0
    assert set(office.copies().values()) == {1}
    assert office.many() + office.unknown() >= 2 * MANY


def test_a_file_brought_back_sends_nothing_before_it_is_reconciled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    store = tmp_path / "store" / "store.db"
    office = Office(sandbox, str(store), tmp_path, FILING)
    office.begin(PEOPLE, settings=TWO_A_DAY)
    shutil.copy(store, tmp_path / "yesterday")
    with office.served():
        eventually(lambda: names(office).count("EmailAccepted") == TODAY)
    shutil.copy(tmp_path / "yesterday", store)
    with office.served() as worker:
        sends_nothing(office, worker)
        reconcile(office)
        sends_the_rest(office)
