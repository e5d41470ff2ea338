"""Members killed again and again while the group rebalances: the rows are those of the store."""

import random
import signal
import time
from pathlib import Path

import pytest

from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED
from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.test_project import into, is_whole, live, process, projected, source, url
from tests.stream.test_relay_kills import growing
from tests.stream.test_relay_process import all_told
from tests.stream.test_relay_process import process as relaying
from tests.stream.troubled import SOAK
from tests.worker.processes import Process, eventually

pytestmark = pytest.mark.kills
__all__ = ["into", "url"]
MEMBERS = 2


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=SOAK)])
def test_members_that_are_killed_leave_the_rows_of_the_store(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, tmp_path: Path, kills: int
) -> None:
    chance = random.Random(11)
    members: list[Process] = []
    live(ledger.settings.store, 0, 60)
    try:
        with relaying(ledger, broker, topic, tmp_path):
            with growing(ledger.settings.store, "grown"):
                for number in range(MEMBERS + kills):
                    members.append(process(broker, topic, into, tmp_path / f"{number}.log"))
                    if number >= MEMBERS:
                        time.sleep(chance.random() * 2)
                        end(members.pop(0), kindly=number % 3 == 0)
            eventually(lambda: all_told(ledger))
        ProjectionRunner(ledger.opened.store, ledger.opened.views, SHIPPED).catch_up()
        ends = time.monotonic() + 60
        while not is_whole(into, ledger) and time.monotonic() < ends:
            time.sleep(0.2)
    finally:
        for victim in members:
            victim.kill()
    assert projected(into, ledger) == source(ledger)


def end(victim: Process, *, kindly: bool) -> None:
    if kindly:
        eventually(lambda: victim.told("Projecting"))
        assert victim.stopped(by=signal.SIGTERM) == 0
    else:
        victim.kill()
