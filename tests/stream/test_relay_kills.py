"""Relays killed, frozen and running at once; a broker killed and stopped while they commit."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from engine.ports.errors import StoreError
from tests.postgres import PostgresServer
from tests.stream.broker import Broker, NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, everything, faults
from tests.stream.test_relay_process import all_told, process, told
from tests.stream.troubled import SOAK, Relays, until

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
        until(lambda: all_told(ledger), "the end of what was written")
    entries = len(ledger.entries())
    assert entries > 100
    assert faults(everything(broker.address, topic), entries) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=SOAK)])
def test_a_relay_that_is_killed_again_and_again_loses_and_doubles_nothing(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path, kills: int
) -> None:
    chance = random.Random(11)
    ledger.grow_everywhere(1)
    with growing(ledger.settings.store, "grown"):
        for _ in range(kills):
            with process(ledger, broker, topic, tmp_path) as relay:
                until(lambda relay=relay: relay.told("relaying"), "a relay")  # type: ignore[misc]
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
        until(lambda: told(ledger) > 200, "something told")
        zombie.process.send_signal(signal.SIGSTOP)
        _free_the_lock(ledger)
        with process(ledger, broker, topic, tmp_path) as relay:
            until(lambda: relay.told("relaying"), "a relay")
            zombie.process.send_signal(signal.SIGCONT)
            assert zombie.process.wait(40) == 75
            assert relay.process.poll() is None
    relayed(ledger, broker, topic, tmp_path)


def _free_the_lock(ledger: Ledger) -> None:
    """As after the connection that held it was lost: Kafka alone keeps the two apart."""
    folder = Path(f"{ledger.settings.store}.locks")
    for each in folder.iterdir():
        each.unlink()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("times", [1, pytest.param(20, marks=SOAK)])
def test_a_broker_that_goes_while_a_relay_commits_loses_and_doubles_nothing(
    own_broker: Broker, ledger: Ledger, topic: str, tmp_path: Path, times: int
) -> None:
    ledger.grow_everywhere(1)
    with (
        growing(ledger.settings.store, "grown"),
        process(ledger, own_broker, topic, tmp_path, "serve"),
    ):
        for end in (own_broker.kill, own_broker.stop) * times:
            before = told(ledger)
            until(lambda before=before: told(ledger) > before + 100, "more")  # type: ignore[misc]
            end()
            own_broker.start()
    relayed(ledger, own_broker, topic, tmp_path)


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=SOAK)])
def test_nothing_is_told_that_a_crash_of_the_database_takes_back(
    broker: NamedBroker, own_postgres: PostgresServer, topic: str, tmp_path: Path, times: int
) -> None:
    """Appends are on the disk a moment after they can be read: the relay waits for that moment."""

    def crash_and_start() -> None:
        own_postgres.crash()
        own_postgres.start()

    url = own_postgres.create_database()
    with Ledger(url) as ledger:
        ledger.grow_everywhere(1)
    with closing(Relays(url, broker.address, topic, tmp_path)) as relays:
        for number in range(times):
            until(lambda: relays.acting is not None, "a relay", relays.keep)
            with suppress(StoreError), Ledger(url, f"round-{number}") as writer:
                timer = threading.Timer(1, crash_and_start)
                timer.start()
                while timer.is_alive():
                    writer.grow_everywhere(5)
            timer.join()
        with Ledger(url) as ledger:
            until(lambda: all_told(ledger), "the end of what was written", relays.keep)
    with Ledger(url) as ledger:
        relayed(ledger, broker, topic, tmp_path)
