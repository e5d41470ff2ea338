"""``sendledger consume``, as somebody types it."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kafka.consumer.consumer import Poison
from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.test_consumer import consume, numbers, poisoned_at, rows
from tests.stream.test_relay import relay_all
from tests.worker.processes import SENDLEDGER, Process, eventually


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "store.db")) as found:
        yield found


def run(broker: NamedBroker, topic: str, into: Path, *words: str) -> tuple[int, str]:
    given = ["--kafka", broker.address, "--topic", topic, "--into", str(into), "--group", "rows"]
    done = subprocess.run(
        [SENDLEDGER, "consume", *given, *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_it_consumes_until_it_is_stopped_and_starts_over(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    into = tmp_path / "rows.db"
    ledger.grow_everywhere(10)
    relay_all(ledger, broker, topic)

    for _ in range(2):
        words = ("--topic", topic, "--into", str(into), "--group", "rows", "--instance", "one")
        process = Process(tmp_path / "log", "consume", *words, KAFKA=broker.address)
        try:
            eventually(lambda: process.told("Consuming"))  # noqa: B023 called in this round
            eventually(lambda: rows(str(into)) == numbers(ledger))
            assert process.stopped(by=signal.SIGTERM) == 0
        finally:
            process.kill()
        code, told = run(broker, topic, into, "--start-over")
        assert (code, rows(str(into))) == (0, [])
        assert "starts over in 12 partitions" in told


def test_what_was_passed_over_is_taken_after_all(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: Path
) -> None:
    into = tmp_path / "rows.db"
    ledger.grow_everywhere(10)
    relay_all(ledger, broker, topic)
    consume(
        *(broker, str(into), topic, lambda: len(rows(str(into))) == len(numbers(ledger)) - 1),
        effect=poisoned_at(50),
        poison=Poison.PASS,
    )

    assert run(broker, topic, into, "--redrive") == (
        0,
        "Taken after all: 1. Still not to be taken: 0.\n",
    )
    assert rows(str(into)) == numbers(ledger)


def test_two_ways_to_start_over_are_one_too_many(
    broker: NamedBroker, topic: str, tmp_path: Path
) -> None:
    code, told = run(broker, topic, tmp_path / "x.db", "--start-over", "--from-position", "3")

    assert code == 2
    assert "Choose one" in told


def test_without_a_broker_it_ends_with_75_and_says_so(topic: str, tmp_path: Path) -> None:
    code, told = run(NamedBroker("127.0.0.1:1"), topic, tmp_path / "x.db")

    assert code == 75
    assert told.startswith("Kafka was lost")
    assert len(told.splitlines()) == 1
