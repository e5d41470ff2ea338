"""Consumers killed again and again while the group rebalances: every event is one row."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.test_consumer import into, numbers, rows
from tests.stream.test_relay_kills import growing
from tests.stream.test_relay_process import all_told, process
from tests.stream.troubled import SOAK
from tests.worker.processes import Process, eventually

pytestmark = pytest.mark.kills
__all__ = ["into"]
MEMBERS = 3
PRODUCTS = ("sqlite", "postgresql")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("into", "kills"),
    [("sqlite", 3), *(pytest.param(each, 100, marks=SOAK) for each in PRODUCTS)],
    indirect=["into"],
)
def test_consumers_that_are_killed_have_every_effect_once(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, tmp_path: Path, kills: int
) -> None:
    chance = random.Random(11)

    def member(number: int) -> Process:
        words = ("--into", into, "--group", "rows", "--topic", topic)
        return Process(tmp_path / f"{number}.log", "consume", *words, KAFKA=broker.address)

    ledger.grow_everywhere(1)
    members: list[Process] = []
    try:
        with process(ledger, broker, topic, tmp_path):
            with growing(ledger.settings.store, "grown"):
                members += [member(number) for number in range(MEMBERS)]
                for number in range(kills):
                    time.sleep(chance.random() * 2)
                    end(members[0], kindly=number % 3 == 0)
                    del members[0]
                    members.append(member(MEMBERS + number))
            eventually(lambda: all_told(ledger))
        ends = time.monotonic() + 120
        while len(rows(into)) < len(numbers(ledger)) and time.monotonic() < ends:
            time.sleep(0.2)
    finally:
        for victim in members:
            victim.kill()
    assert len(numbers(ledger)) > 500
    assert rows(into) == numbers(ledger)


def end(victim: Process, *, kindly: bool) -> None:
    if kindly:
        eventually(lambda: victim.told("Consuming"))
        assert victim.stopped(by=signal.SIGTERM) == 0
    else:
        victim.kill()
