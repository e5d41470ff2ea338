"""Members of an archive killed, frozen and rebalanced: every event is one row of its day."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.parquet import count, events, files, rows
from tests.stream.test_archive import into, process, url
from tests.stream.test_relay import relay_all
from tests.stream.test_relay_kills import growing
from tests.stream.test_relay_process import all_told
from tests.stream.test_relay_process import process as relaying
from tests.worker.processes import Process, eventually

pytestmark = pytest.mark.kills
__all__ = ["into", "url"]
KILLS, CHANGES = 12, 3


def test_members_that_are_killed_leave_every_event_once(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path, tmp_path: Path
) -> None:
    """Two at a time and each in a group of its own: both have all partitions, without waiting."""
    chance = random.Random(11)
    members: list[Process] = []
    try:
        with relaying(ledger, broker, topic, tmp_path):
            for number in range(KILLS + 1):
                log, own = tmp_path / f"{number}.log", ("--group", f"{topic}-{number}")
                members.append(process(broker, topic, into, log, *own))
                eventually(lambda: members[-1].told("Archiving"))
                for _ in range(chance.randint(1, 6)):
                    ledger.grow_everywhere(2)
                time.sleep(chance.random())
                if number:
                    members.pop(0).kill()
            eventually(lambda: all_told(ledger))
        whole(into, ledger)
    finally:
        for victim in members:
            victim.kill()
    assert len(events(ledger)) > 500
    assert len(files(into)) > KILLS
    assert rows(into) == events(ledger)


def test_a_group_that_rebalances_all_the_time_leaves_every_event_once(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path, tmp_path: Path
) -> None:
    chance = random.Random(11)
    members: list[Process] = []
    ledger.grow_everywhere(1)
    try:
        with relaying(ledger, broker, topic, tmp_path):
            with growing(ledger.settings.store, "grown"):
                for number in range(2 + CHANGES):
                    members.append(process(broker, topic, into, tmp_path / f"{number}.log"))
                    eventually(lambda: members[-1].told("Archiving"))
                    time.sleep(chance.random() * 2)
                    if number >= 2:
                        end(members.pop(0), kindly=number % 3 > 0)
            eventually(lambda: all_told(ledger))
        whole(into, ledger)
    finally:
        for victim in members:
            victim.kill()
    assert len(events(ledger)) > 500
    assert rows(into) == events(ledger)


def test_members_that_were_frozen_come_back_and_double_nothing(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path, tmp_path: Path
) -> None:
    """Frozen for longer than the group waits, with rows in memory: others have written them."""
    members = [process(broker, topic, into, tmp_path / f"{each}.log") for each in "ab"]
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    try:
        whole(into, ledger)
        for frozen in members:
            ledger.grow_everywhere(20)
            relay_all(ledger, broker, topic)
            frozen.process.send_signal(signal.SIGSTOP)
            whole(into, ledger)
            ledger.grow_everywhere(20)
            relay_all(ledger, broker, topic)
            frozen.process.send_signal(signal.SIGCONT)
            whole(into, ledger)
            assert rows(into) == events(ledger)
            assert [each.process.poll() for each in members] == [None, None]
    finally:
        for victim in members:
            victim.kill()
    assert rows(into) == events(ledger)


def whole(into: Path, ledger: Ledger) -> None:
    """Wait until it holds everything; what came twice is not waited for."""
    wanted, ends = len(events(ledger)), time.monotonic() + 60
    while count(into) < wanted and time.monotonic() < ends:
        time.sleep(0.2)


def end(victim: Process, *, kindly: bool) -> None:
    if kindly:
        assert victim.stopped(by=signal.SIGTERM) == 0
    else:
        victim.kill()
