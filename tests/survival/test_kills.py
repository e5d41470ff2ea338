"""F1, S6, S7: workers of all kinds at once, any of them killed at any moment."""

import os
import random
import time
from contextlib import closing
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.postgres import PostgresStore
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from tests.law.story import NOON
from tests.proof.judge import Judge, read_log
from tests.proof.victim import WORKSPACE, Life, plan
from tests.survival.aftermath import Asked, verify
from tests.survival.crowd import (
    TOGETHER,
    Alone,
    Hurried,
    OneOfMany,
    Projector,
    Role,
    Ticker,
    Worker,
)

pytestmark = pytest.mark.kills

SEED = int(os.environ.get("PROOF_SEED", random.SystemRandom().randrange(1_000_000)))
SOAK = int(os.environ.get("PROOF_SOAK", "20"))
LIFE = 0.4
"""Seconds between two kills, at most."""
AFTERWARDS = timedelta(days=400)


@pytest.mark.rule("F1", "S6", "S7", "S8")
def test_fifty_kills_among_seven_workers_lose_nothing_and_double_nothing(postgres_url: str) -> None:
    events, told = kill(postgres_url, kills=50)

    print(f"{events} events, {told} commands acknowledged")  # noqa: T201 how much was proved


@pytest.mark.soak
@pytest.mark.rule("F1", "S6", "S7", "S8")
def test_very_many_kills_among_seven_workers_lose_nothing(postgres_url: str) -> None:
    kill(postgres_url, kills=20 * SOAK)


def kill(url: str, kills: int) -> tuple[int, int]:
    """Kill so many, and look at what came after each. Answers events, commands acknowledged."""
    print(f"PROOF_SEED={SEED}")  # noqa: T201 to do the same again
    rng = random.Random(SEED)
    clock = Hurried(time.monotonic())
    judge = Judge()
    with closing(PostgresStore(url, ManualClock(NOON))) as store:
        tellers = Alone("one"), Alone("two"), OneOfMany("three", clock), OneOfMany("four", clock)
        roles: list[Role] = [*tellers, Ticker(clock), Ticker(clock), Projector()]
        crowd = [Worker(url, role) for role in roles]
        try:
            while sum(each.kills for each in crowd) < kills:
                time.sleep(rng.uniform(0, LIFE))
                rng.choice(crowd).replace()
                judge.follow(store)
        finally:
            for each in crowd:
                each.kill()
        told = {asked for each in crowd for asked in _acknowledged(each)}
    _verify_the_end(url, told)
    return judge.position, len(told)


def _verify_the_end(url: str, told: set[Asked]) -> None:
    clock = ManualClock(NOON + AFTERWARDS)
    with closing(PostgresStore(url, clock)) as store:
        for workspace in ("one", "two"):
            facts = facts_of(store, workspace)
            assert facts
            assert facts == undisturbed()[: len(facts)]
        Engine(store).tick(TOGETHER)
        for workspace in ("one", "two"):
            Engine(store).tick(workspace)
        verify(store, told, settled_at=clock.time)


def _acknowledged(worker: Worker) -> set[Asked]:
    role = worker.role
    if not isinstance(role, Alone | OneOfMany):
        return set()
    commands = [each for each in worker.heard if isinstance(plan()[each % len(plan())], Command)]
    return {(role.workspace, role.command_id(each)) for each in commands}


def facts_of(store: Store, workspace: str) -> list[Any]:
    """What happened there, when it was recorded and by which command, and not where it stands."""
    return [
        (each.version, each.event, each.envelope.command_id, each.envelope.recorded_at)
        for each in read_log(store)
        if each.workspace == workspace and each.envelope.causation_id is None
    ]


@cache
def undisturbed() -> list[Any]:
    """The facts of a run that nobody killed."""
    clock = ManualClock(NOON)
    store = MemoryStore(clock)
    Life(store, MemoryViews(), clock).go(0, lambda _number: None)
    return facts_of(store, WORKSPACE)
