"""``sendledger relay``, and ``serve`` that runs it, as real processes against a real broker."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.composition.programs import health_of
from tests.stream.broker import Broker, NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, everything, faults
from tests.worker.processes import SENDLEDGER, Process, eventually


@contextmanager
def process(
    ledger: Ledger,
    broker: NamedBroker,
    topic: str,
    folder: Path,
    command: str = "relay",
    **more: str,
) -> Iterator[Process]:
    settings = {"STORE": ledger.settings.store, "KAFKA": broker.address, "KAFKA_TOPIC": topic}
    found = Process(folder / f"{command}.log", command, **settings, **more)
    try:
        yield found
    finally:
        found.kill()


def told(ledger: Ledger) -> int:
    kept = ledger.mark.read()
    return kept.entry if kept else -1


def all_told(ledger: Ledger) -> bool:
    return told(ledger) == ledger.opened.store.last_entry()


def test_what_is_recorded_is_told_until_the_relay_is_stopped(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    ledger.grow_everywhere(10)
    with process(ledger, broker, topic, tmp_path) as relay:
        eventually(lambda: all_told(ledger))
        ledger.grow_everywhere(10)
        eventually(lambda: all_told(ledger))
        assert relay.stopped(by=signal.SIGTERM) == 0
    assert relay.told("stopped")
    assert faults(everything(broker.address, topic), len(ledger.entries())) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_refusal_ends_the_relay_with_1_and_stands_in_health(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    from tests.stream.test_relay import make

    make(broker, topic, partitions=3)
    with process(ledger, broker, topic, tmp_path) as relay:
        assert relay.process.wait(20) == 1
    assert relay.told("3 partitions instead of 12")

    health = subprocess.run(
        [SENDLEDGER, "health", "--json", "--store", ledger.settings.store],
        capture_output=True,
        check=False,
    )
    assert "3 partitions instead of 12" in json.loads(health.stdout)["reasons"][0]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_lost_broker_ends_it_with_75_and_is_told_of_once_and_so_is_its_return(
    own_broker: Broker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    ledger.grow(5)
    own_broker.kill()
    for name, expected in (("one", True), ("two", False)):
        folder = tmp_path / name
        folder.mkdir()
        with process(ledger, own_broker, topic, folder) as relay:
            assert relay.process.wait(30) == 75
        assert relay.told("broker lost") == expected

    own_broker.start()
    with process(ledger, own_broker, topic, tmp_path) as relay:
        eventually(lambda: all_told(ledger))
        assert relay.told("broker is back")
    assert ledger.opened.coordination.alarms() == []


def test_health_tells_how_far_the_topic_is_behind(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    assert health_of(ledger.opened).relay is None
    with process(ledger, broker, topic, tmp_path) as relay:
        ledger.grow(10)
        eventually(lambda: all_told(ledger))
        relay.stopped(by=signal.SIGTERM)
    store = ledger.opened.store
    before, events = store.last_entry(), store.last_position()
    ledger.grow(10)

    lag = health_of(ledger.opened).relay

    assert lag is not None
    assert lag.topic == topic
    assert lag.entries == store.last_entry() - before
    assert lag.positions == store.last_position() - events < lag.entries
    assert lag.seconds >= 0
    (late,) = (each for each in health_of(ledger.opened).reasons(-1) if each.code == "relay_late")
    assert topic in late.text


def test_serve_relays_and_its_relay_ends_with_it(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    ledger.grow_everywhere(10)
    with process(ledger, broker, topic, tmp_path, "serve") as serve:
        eventually(lambda: all_told(ledger))
        serve.kill()  # what it has started notices by itself
    with process(ledger, broker, topic, tmp_path, "relay") as relay:
        eventually(lambda: relay.told("relaying"))
        ledger.grow_everywhere(1)
        eventually(lambda: all_told(ledger))
    assert faults(everything(broker.address, topic), len(ledger.entries())) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_serve_starts_a_relay_anew_that_died(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    with process(ledger, broker, topic, tmp_path, "serve") as serve:
        eventually(lambda: serve.told("relaying"))
        for child in children(serve.process.pid):
            subprocess.run(["kill", "-9", str(child)], check=True)
        ledger.grow_everywhere(3)
        eventually(lambda: all_told(ledger))
        assert serve.told("relay died")
        assert serve.stopped(by=signal.SIGTERM) == 0
    assert children(serve.process.pid) == []


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]
