"""A process made to be killed: it goes through a plan and says which step it has done.

The plan and its times follow from the number of the step alone, so that any two runs compare. It
runs in a process of its own: ``live`` over a pipe, or ``python -m tests.proof.victim STORE [STEP]``
over its standard output. A store is named by its file, or by the URL of its database.
"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.views import SQLiteViews
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import Clock, ManualClock
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.vocabulary import FailureClass, RecipientStatus
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    NOON,
    accepted,
    add_sender,
    connect,
    create,
    disconnect,
    fail,
    import_recipients,
    one_click,
    out_of_office,
    remove_sender,
    request_check,
    reserve,
    resume,
    signal,
    start,
    unknown,
    user_check,
)

WORKSPACE = "acme"
ACCOUNTS = (ANN, BOB, CLEO)
STEPS = 3_000
EACH = timedelta(minutes=13)
"""So the plan lasts four weeks."""
PEOPLE = 12


class Turn(Enum):
    """What a process does beside commands."""

    TICK = auto()
    PROJECT = auto()


Action = Command | Turn


@cache
def plan() -> tuple[Action, ...]:
    """Chapters of a campaign each; the same at every call, in every process."""
    rng = random.Random(2026)
    steps: list[Action] = [connect(ANN), connect(BOB), connect(CLEO)]
    chapter = 0
    while len(steps) < STEPS - 1:
        chapter += 1
        steps += _chapter(rng, f"campaign-{chapter}", f"campaign-{max(chapter - 1, 1)}")
    return (*steps[: STEPS - 1], Turn.TICK)


def _chapter(rng: random.Random, campaign: str, last: str) -> Iterator[Action]:
    yield create(ANN, BOB, CLEO, to=[f"p{n}" for n in range(PEOPLE)], campaign=campaign)
    yield create(to=[f"p{n}" for n in range(PEOPLE)], campaign=campaign)
    yield from (add_sender(account, campaign) for account in ACCOUNTS)
    yield start(campaign)
    for person in range(PEOPLE):
        yield from _email(rng, rng.choice(ACCOUNTS), f"p{person}", campaign)
        if rng.random() < 0.6:
            yield from _incident(rng, rng.choice(ACCOUNTS), rng.choice((campaign, last)))
        yield rng.choice((Turn.TICK, Turn.PROJECT, resume(campaign), resume(last)))


def _email(rng: random.Random, account: str, person: str, campaign: str) -> Iterator[Action]:
    send_id = f"send-{rng.getrandbits(40)}"
    yield reserve(account, person, send_id, campaign)
    yield rng.choice((accepted, accepted, unknown))(person, send_id, campaign)


def _incident(rng: random.Random, account: str, campaign: str) -> Iterator[Action]:
    person = f"p{rng.randrange(PEOPLE)}"
    happenings: tuple[Callable[[], Iterator[Action]], ...] = (
        lambda: iter((fail(account),)),
        lambda: iter((user_check(account, FailureClass.UNREACHABLE), Turn.TICK)),
        lambda: iter((one_click(account), resume(campaign))),
        lambda: iter((disconnect(account), connect(account), add_sender(account, campaign))),
        lambda: iter((disconnect(account), Turn.TICK)),
        lambda: iter((connect(account), resume(campaign, without=ACCOUNTS))),
        lambda: iter((request_check(account, "check"), user_check(account, check_id="check"))),
        lambda: iter((remove_sender(account, rng.randrange(4), campaign),)),
        lambda: iter(signal(RecipientStatus.REPLIED, person, campaign=campaign)),
        lambda: iter((out_of_office(person, NOON + timedelta(days=rng.randrange(30))),)),
        lambda: iter((import_recipients(person, f"{person}-new", campaign=campaign),)),
    )
    yield from rng.choice(happenings)()


class Life:
    """Goes through the plan in one workspace of this store, from any step on."""

    def __init__(
        self, store: Store, views: Views, clock: ManualClock, workspace: str = WORKSPACE
    ) -> None:
        self.engine = Engine(store, cache_size=4, snapshot_every=25)
        self._runner = ProjectionRunner(store, views, SHIPPED, page=100)
        self._clock = clock
        self._workspace = workspace

    def go(self, first: int, acknowledge: Callable[[int], None]) -> None:
        for number, step in enumerate(plan()[first:], start=first):
            self._clock.time = moment(number)
            match step:
                case Turn.TICK:
                    self.engine.tick(self._workspace)
                case Turn.PROJECT:
                    self._runner.catch_up()
                case command:
                    self.engine.execute(
                        self._workspace,
                        command,
                        command_id=command_id(number),
                        actor="user:test",
                    )
            acknowledge(number)


def moment(number: int) -> datetime:
    return NOON + number * EACH


def command_id(number: int) -> str:
    return f"command-{number}"


@contextmanager
def opened(place: Path | str, clock: Clock) -> Iterator[tuple[Store, Views]]:
    """The store of this file or URL, and its views, for as long as they are needed."""
    if isinstance(place, Path):
        with closing(SQLiteStore(place, clock)) as embedded:
            yield embedded, SQLiteViews(embedded)
    else:
        with closing(PostgresStore(place, clock)) as store:
            yield store, PostgresViews(store)


def live(
    place: Path | str, first: int, acknowledgements: Connection, workspace: str = WORKSPACE
) -> None:
    """The life of one victim: every acknowledged step is sent over the pipe."""
    clock = ManualClock(moment(first))
    with opened(place, clock) as (store, views):
        life = Life(store, views, clock, workspace)
        life.go(first, lambda number: acknowledgements.send_bytes(str(number).encode()))
    acknowledgements.close()


def main(path: str, first: str = "0") -> None:
    with Connection(sys.stdout.fileno(), readable=False) as out:
        live(path if "://" in path else Path(path), int(first), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
