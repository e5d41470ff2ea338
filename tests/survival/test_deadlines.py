"""S6, S7: a cure and an expiry at once, by two workers, on either side of the deadline."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import partial
from threading import Barrier

import pytest

from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from engine.ports.clock import ManualClock
from events.campaign import GracePeriodCured, GracePeriodExpired
from events.vocabulary import ClockOutcome
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    MICROSECOND,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    connect,
    create,
    fail,
    hear_from,
    one_click,
    start,
)
from tests.proof.judge import check_log, read_log
from tests.survival.aftermath import clocks, verify
from tests.survival.office import tell

pytestmark = pytest.mark.kills

ROUNDS = 150
DEADLINE = NOON + NINE_DAYS
AROUND = [DEADLINE + offset * MICROSECOND for offset in (-1, 0, 1)]


class Racer:
    """A worker with a connection and a clock of its own, that waits for the other at the start."""

    def __init__(self, url: str, barrier: Barrier) -> None:
        self.clock = ManualClock(NOON)
        self.store = PostgresStore(url, self.clock)
        self.engine = Engine(self.store)
        self._barrier = barrier

    def run(self, moment: datetime, action: Callable[[], object]) -> None:
        self.clock.time = moment
        self._barrier.wait(timeout=30)
        action()


@pytest.fixture
def racers(postgres_url: str) -> Iterator[tuple[Racer, Racer]]:
    barrier = Barrier(2)
    one, other = Racer(postgres_url, barrier), Racer(postgres_url, barrier)
    with closing(one.store), closing(other.store):
        yield one, other


@pytest.mark.rule("S2", "S6", "S7")
def test_a_cure_that_races_an_expiry_has_the_outcome_that_its_time_says(
    racers: tuple[Racer, Racer],
) -> None:
    rng = random.Random(9)
    curer, ticker = racers
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            workspace = f"race-{number}"
            _failed_at_noon(curer, workspace)
            runs = [
                pool.submit(curer.run, rng.choice(AROUND), partial(_cure, curer, workspace)),
                pool.submit(ticker.run, rng.choice(AROUND), partial(ticker.engine.tick, workspace)),
            ]
            for each in runs:
                each.result()

    outcomes = _outcomes(curer)
    assert len(outcomes) == ROUNDS
    counted = Counter(outcomes.values())
    print(dict(counted))  # noqa: T201 how much was raced
    assert min(counted[ClockOutcome.CURED], counted[ClockOutcome.EXPIRED]) > ROUNDS / 10
    curer.clock.time = DEADLINE + 30 * DAY
    verify(curer.store, settled_at=None)


def _failed_at_noon(racer: Racer, workspace: str) -> None:
    racer.clock.time = NOON
    story = [connect(ANN), connect(BOB), create(ANN, BOB), start(), *hear_from(ANN, R1, R2)]
    tell(racer.engine, workspace, "before", [*story, fail(ANN)])


def _cure(racer: Racer, workspace: str) -> None:
    racer.engine.execute(workspace, one_click(ANN), command_id="cure", actor="user:ann")


def _outcomes(racer: Racer) -> dict[str, ClockOutcome]:
    """One for each clock, and it is the one that the time of the cure says."""
    log = read_log(racer.store)
    cured_at = {
        each.workspace: each.envelope.recorded_at
        for each in log
        if each.envelope.command_id == "cure"
    }
    for each in log:
        match each.event:
            case GracePeriodCured():
                assert cured_at[each.workspace] <= DEADLINE
            case GracePeriodExpired():
                assert cured_at[each.workspace] > DEADLINE
    check_log(racer.store)
    outcomes = {each.workspace: each.outcome for each in clocks(racer.store)}
    assert len(outcomes) == len(clocks(racer.store))
    return outcomes
