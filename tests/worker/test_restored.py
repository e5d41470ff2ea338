"""A store that is brought back from yesterday's backup, under real workers (M6)."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from events.campaign import SendReserved
from tests.postgres import PostgresServer
from tests.worker.office import Office
from tests.worker.processes import eventually
from tests.workplace import log_of

pytestmark = [pytest.mark.kills, pytest.mark.rule("M6", "M2")]

PEOPLE = 6


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([]) as sandbox:
        yield sandbox


def reservations(office: Office) -> int:
    with office.room.opened() as opened:
        return sum(isinstance(each.event, SendReserved) for each in log_of(opened.store))


@pytest.mark.parametrize("words", [("work", "--only", "mail"), ("serve",)])
def test_a_database_brought_back_under_a_running_worker_is_noticed_and_sends_nothing(
    own_postgres: PostgresServer, sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    office = Office(sandbox, own_postgres.create_database(), tmp_path, words=words)
    office.begin(PEOPLE)
    own_postgres.backup(tmp_path / "yesterday")
    worker = office.start()
    try:
        eventually(lambda: office.many() == 2 * PEOPLE)
        own_postgres.bring_back(tmp_path / "yesterday")
        eventually(lambda: worker.told("fenced"))
        time.sleep(3)
    finally:
        assert worker.stopped(signal.SIGTERM) == 0
    assert office.many() == 2 * PEOPLE
    assert reservations(office) == 0
