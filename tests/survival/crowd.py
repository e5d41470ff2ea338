"""Workers in processes of their own, all on one database, made to be killed at any moment.

Processes come from a server that has the program loaded already, so a life costs milliseconds.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from adapters.stores.postgres import PostgresStore, PostgresViews
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import Clock, ManualClock
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED
from tests.law.story import NOON
from tests.proof.victim import STEPS, Turn, moment, plan

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.survival.crowd"])

TOGETHER = "together"
"""The workspace in which several workers act at once."""
Say = Callable[[int], None]
Role = Callable[[str, int, Say], None]


class Hurried:
    """A clock for which a second is a day; the same in all processes of the machine."""

    def __init__(self, start: float) -> None:
        self._start = start

    def __call__(self) -> datetime:
        return NOON + (time.monotonic() - self._start) * timedelta(days=1)


class Alone:
    """Goes through the plan in a workspace of its own, at the plan's times."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace

    def command_id(self, number: int) -> str:
        return f"command-{number}"

    def __call__(self, url: str, first: int, say: Say) -> None:
        clock = ManualClock(moment(first))
        with closing(PostgresStore(url, clock)) as store:
            engine = Engine(store, cache_size=4, snapshot_every=25)
            for number in range(first, STEPS):
                clock.time = moment(number)
                step = plan()[number]
                if isinstance(step, Command):
                    _tell(engine, self.workspace, step, self.command_id(number))
                elif step is Turn.TICK:
                    engine.tick(self.workspace)
                say(number)


class OneOfMany:
    """Tells commands in a workspace in which others do, too."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.workspace, self.name = TOGETHER, name
        self._clock = clock

    def command_id(self, number: int) -> str:
        return f"{self.name}-{number}"

    def __call__(self, url: str, first: int, say: Say) -> None:
        with closing(PostgresStore(url, self._clock)) as store:
            engine = Engine(store, cache_size=4, snapshot_every=25)
            for number in count(first):
                step = plan()[number % STEPS]
                if isinstance(step, Command):
                    _tell(engine, self.workspace, step, self.command_id(number))
                    say(number)


class Ticker:
    """Lets clocks fall due where several workers act."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, url: str, first: int, say: Say) -> None:
        with closing(PostgresStore(url, self._clock)) as store:
            engine = Engine(store)
            for number in count(first):
                engine.tick(TOGETHER)
                say(number)
                time.sleep(0.02)


class Projector:
    """Keeps all views, in small pages."""

    def __call__(self, url: str, first: int, say: Say) -> None:
        with closing(PostgresStore(url)) as store:
            runner = ProjectionRunner(store, PostgresViews(store), SHIPPED, page=50)
            for number in count(first):
                runner.catch_up()
                say(number)
                time.sleep(0.02)


class Worker:
    """One role and whoever plays it; killed, another goes on where the last was heard."""

    def __init__(self, url: str, role: Role) -> None:
        self.role = role
        self.kills = 0
        self.heard: list[int] = []
        self._url = url
        self._begin()

    @property
    def next(self) -> int:
        return self.heard[-1] + 1 if self.heard else 0

    def kill(self) -> None:
        """SIGKILL, wherever it is; unless it had come to its end, that was a kill."""
        self._process.kill()
        self._process.join()
        assert self._process.exitcode in (0, -signal.SIGKILL), f"{self.role} failed by itself"
        self.kills += self._process.exitcode == -signal.SIGKILL
        self.heard += _all(self._hear)
        self._hear.close()
        self._process.close()

    def replace(self) -> None:
        self.kill()
        self._begin()

    def _begin(self) -> None:
        self._hear, tell = processes.Pipe(duplex=False)
        self._process: Any = processes.Process(
            target=_live, args=(self.role, self._url, self.next, tell)
        )
        self._process.start()
        tell.close()


def _live(role: Role, url: str, first: int, tell: Connection) -> None:
    role(url, first, lambda number: tell.send_bytes(str(number).encode()))


def _tell(engine: Engine, workspace: str, command: Command, command_id: str) -> None:
    engine.execute(workspace, command, command_id=command_id, actor="user:test")


def _all(hear: Connection) -> Iterator[int]:
    try:
        while True:
            yield int(hear.recv_bytes())
    except EOFError:
        return
