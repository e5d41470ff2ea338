"""Relays killed, frozen and running at once; a broker killed and stopped while they commit."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.ports.errors import StoreError
from tests.postgres import PostgresServer
from tests.stream.broker import Broker, NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, everything, faults
from tests.stream.test_relay_process import all_told, process, told
from tests.worker.processes import eventually

pytestmark = pytest.mark.kills


@contextmanager
def growing(url: str, prefix: str) -> Iterator[None]:
    """Somebody writes all the time."""
    ends = threading.Event()

    def write() -> None:
        with Ledger(url, prefix) as ledger:
            while not ends.is_set():
                ledger.grow_everywhere(20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def relayed(ledger: Ledger, broker: NamedBroker, topic: str, folder: Path) -> None:
    """All of it, by a relay that nobody disturbs."""
    with process(ledger, broker, topic, folder):
        eventually(lambda: all_told(ledger))
    entries = len(ledger.entries())
    assert entries > 500
    assert faults(everything(broker.address, topic), entries) == NONE


def test_a_relay_that_is_killed_again_and_again_loses_and_doubles_nothing(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    ledger.grow_everywhere(1)
    with growing(ledger.settings.store, "grown"):
        for _ in range(5):
            with process(ledger, broker, topic, tmp_path) as relay:
                eventually(lambda relay=relay: relay.told("relaying"))  # type: ignore[misc]
                time.sleep(chance.random() * 0.5)
                relay.kill()
    relayed(ledger, broker, topic, tmp_path)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_relay_that_was_frozen_writes_nothing_after_another_took_over(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    ledger.grow_everywhere(1)
    zombie_folder = tmp_path / "zombie"
    zombie_folder.mkdir()
    with (
        growing(ledger.settings.store, "grown"),
        process(ledger, broker, topic, zombie_folder) as zombie,
    ):
        eventually(lambda: told(ledger) > 200)
        zombie.process.send_signal(signal.SIGSTOP)
        _free_the_lock(ledger)
        with process(ledger, broker, topic, tmp_path) as relay:
            eventually(lambda: relay.told("relaying"))
            zombie.process.send_signal(signal.SIGCONT)
            assert zombie.process.wait(40) == 75
            assert relay.process.poll() is None
    relayed(ledger, broker, topic, tmp_path)


def _free_the_lock(ledger: Ledger) -> None:
    """As after the connection that held it was lost: Kafka alone keeps the two apart."""
    folder = Path(f"{ledger.settings.store}.locks")
    for each in folder.iterdir():
        each.unlink()


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_broker_that_goes_while_a_relay_commits_loses_and_doubles_nothing(
    own_broker: Broker, ledger: Ledger, topic: str, tmp_path: Path, how: str
) -> None:
    ledger.grow_everywhere(1)
    with (
        growing(ledger.settings.store, "grown"),
        process(ledger, own_broker, topic, tmp_path, "serve"),
    ):
        for _ in range(3):
            before = told(ledger)
            eventually(lambda before=before: told(ledger) > before + 100)  # type: ignore[misc]
            getattr(own_broker, how)()
            own_broker.start()
    relayed(ledger, own_broker, topic, tmp_path)


def test_nothing_is_told_that_a_crash_of_the_database_takes_back(
    broker: NamedBroker, own_postgres: PostgresServer, topic: str, tmp_path: Path
) -> None:
    """Appends are on the disk a moment after they can be read: the relay waits for that moment."""
    url = own_postgres.create_database()
    with Ledger(url) as ledger:
        ledger.grow_everywhere(1)
        settings = ledger.settings
    with process(ledger, broker, topic, tmp_path, "serve", LOCK_TIMEOUT=f"{settings.lock_timeout}"):
        for number in range(2):
            with suppress(StoreError), Ledger(url, f"round-{number}") as writer:
                timer = threading.Timer(1.5, own_postgres.crash)
                timer.start()
                while timer.is_alive():
                    writer.grow_everywhere(5)
            timer.join()
            own_postgres.start()
        eventually(lambda: reached(url))
    with Ledger(url) as ledger:
        relayed(ledger, broker, topic, tmp_path)


def reached(url: str) -> bool:
    """The topic holds what the store does; False while the server begins."""
    with suppress(StoreError), Ledger(url) as ledger:
        return all_told(ledger)
    return False
