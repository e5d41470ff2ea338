"""F1, S7: a process is killed (SIGKILL) at any moment, and nothing is lost, doubled or half done.

Processes come from a server that has the program loaded already (``forkserver``), so a life costs
milliseconds. One store goes through many of them.
"""

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.views import SQLiteViews
from aggregates.command import Command
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from events.recorded import Envelope
from tests.law.story import NOON
from tests.proof import victim
from tests.proof.judge import END_OF_TIME, check, check_views
from tests.proof.victim import STEPS, WORKSPACE, Life, command_id, plan

pytestmark = pytest.mark.kills

SEED = int(os.environ.get("PROOF_SEED", random.SystemRandom().randrange(1_000_000)))
SOAK = int(os.environ.get("PROOF_SOAK", "20"))
LIFE = 0.25
"""Seconds a victim may live, at most, after its first sign of life."""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.proof.victim"])


class Grave:
    """One store file and what its victims acknowledged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next_step = 0
        self.kills = 0

    @property
    def finished(self) -> bool:
        return self.next_step == STEPS

    def kill_one(self, after: float, *, at_birth: bool = False) -> None:
        """A victim lives for so many seconds, and only if it had not finished it was a kill."""
        hear, tell = processes.Pipe(duplex=False)
        process = processes.Process(target=victim.live, args=(self.path, self.next_step, tell))
        process.start()
        tell.close()
        try:
            if not at_birth:
                hear.poll(30)
            process.join(timeout=after)
            process.kill()
            process.join()
            self.kills += process.exitcode == -signal.SIGKILL
            assert process.exitcode in (0, -signal.SIGKILL)
            self.next_step = max([self.next_step, *(step + 1 for step in _heard(hear))])
        finally:
            process.close()
            hear.close()

    def verify(self) -> None:
        """What is there is what an undisturbed run has there, and every acknowledged step is.

        The auditor found nothing in the undisturbed run, so there is nothing to find here.
        """
        with self.reopened(END_OF_TIME) as store:
            rows, envelopes = contents(store)
            all_rows, all_envelopes = undisturbed()
            assert rows == all_rows[: len(rows)]
            assert envelopes == all_envelopes[: len(envelopes)]
            with store.transaction(WORKSPACE) as transaction:
                for number in self.acknowledged():
                    assert transaction.envelope(command_id(number)) is not None
            assert list(check_indexes(store)) == []
            assert list(check_entries(store)) == []
            check_views(store, SQLiteViews(store))

    def verify_the_end(self) -> None:
        """The whole plan once more under the same ids changes nothing."""
        with self.reopened() as store:
            check_views(store, SQLiteViews(store))
        clock = ManualClock(NOON)
        with closing(SQLiteStore(self.path, clock)) as store:
            Life(store, SQLiteViews(store), clock).go(0, _in_silence)
            assert contents(store) == undisturbed()

    def acknowledged(self) -> Iterator[int]:
        return (
            number
            for number, step in enumerate(plan()[: self.next_step])
            if isinstance(step, Command)
        )

    @contextmanager
    def reopened(self, at: datetime = NOON) -> Iterator[SQLiteStore]:
        with closing(SQLiteStore(self.path, ManualClock(at))) as store:
            yield store


def _in_silence(_number: int) -> None:
    pass


def _heard(hear: Connection) -> Iterator[int]:
    try:
        while True:
            yield int(hear.recv_bytes())
    except EOFError:
        return


Contents = tuple[Sequence[Any], Sequence[Envelope]]


def contents(store: Store) -> Contents:
    page = store.read(0, 1_000_000)
    return list(page.rows), list(page.envelopes)


@cache
def undisturbed() -> Contents:
    """The log of a run that nobody killed."""
    clock = ManualClock(NOON)
    store = MemoryStore(clock)
    Life(store, MemoryViews(), clock).go(0, _in_silence)
    check(store, settled_at=clock.time)
    return contents(store)


def kill(folder: Path, kills: int) -> int:
    """Kill so many, verify after each, begin a new store when a plan is through. Answers stores."""
    print(f"PROOF_SEED={SEED}")  # noqa: T201 to do the same again
    rng = random.Random(SEED)
    stores, done = 1, 0
    grave = Grave(folder / "store-1")
    while done < kills:
        before = grave.kills
        grave.kill_one(after=rng.uniform(0, LIFE), at_birth=rng.random() < 0.1)
        done += grave.kills - before
        grave.verify()
        if grave.finished:
            grave.verify_the_end()
            stores += 1
            grave = Grave(folder / f"store-{stores}")
    while not grave.finished:
        grave.kill_one(after=60)
    grave.verify_the_end()
    return stores


@pytest.mark.rule("F1")
def test_a_kill_while_the_store_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    graves = [Grave(tmp_path / f"store-{number}") for number in range(15)]

    for grave in graves:
        grave.kill_one(after=rng.uniform(0, 0.05), at_birth=True)
        grave.verify()

    assert sum(grave.kills for grave in graves) == len(graves)
    assert min(grave.next_step for grave in graves) == 0, "none was killed early enough"


@pytest.mark.rule("F1", "S7", "S8")
def test_fifty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    stores = kill(tmp_path, kills=50)

    print(f"50 kills, {stores} stores")  # noqa: T201 how much was proved


@pytest.mark.soak
@pytest.mark.rule("F1", "S7", "S8")
def test_very_many_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    kill(tmp_path, kills=50 * SOAK)
