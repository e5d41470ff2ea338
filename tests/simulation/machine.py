"""One virtual clock, one queue of what is due, and processes that take turns in one thread.

A process is a greenlet that runs production code. It gives way only in ``pause``, which the
simulation calls wherever production does I/O; there a fault may end it, and it starts anew from
nothing but what is stored.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from greenlet import getcurrent, greenlet

from tests.proof.fragile import Crash, CrashPoint

BEGINNING = datetime(2026, 1, 5, 8, tzinfo=UTC)
SOON = (0.05, 0.3, 1.5)
"""Seconds until news has reached a process."""
REBOOT = 3.0
"""Seconds until a process that died is there again."""


class Machine:
    """``seconds`` is monotonic; ``now`` the host's clock, which operators may set."""

    def __init__(self, seed: str, beginning: datetime = BEGINNING) -> None:
        self.seed, self.beginning = seed, beginning
        self.seconds = 0.0
        self.skew = 0.0
        self.quiet = False
        """No process gives way or dies any more: the story comes to its end."""
        self.faults: Counter[str] = Counter()
        """How often each kind of fault struck."""
        self.processes: dict[str, Process] = {}
        self._moment, self._now = 0.0, beginning
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    def now(self) -> datetime:
        moment = self.seconds + self.skew
        if moment != self._moment:
            self._moment = moment
            self._now = self.beginning + timedelta(seconds=round(moment, 6))
        return self._now

    def monotonic(self) -> float:
        return self.seconds

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        heappush(self._queue, (max(seconds, self.seconds), next(self._numbers), act))

    def run(self, until: float) -> None:
        """All that is due by then, in order. Raises what an act raises."""
        while self._queue and self._queue[0][0] <= until:
            self.seconds, _, act = heappop(self._queue)
            act()
        self.seconds = max(self.seconds, until)

    def end(self) -> None:
        """All processes end where they are: what one refers to is kept as long as it waits."""
        for each in self.processes.values():
            each.end()


class Process:
    """``body`` is run from the beginning at every start. A fault that is armed strikes once."""

    def __init__(self, machine: Machine, name: str, body: Callable[["Process"], None]) -> None:
        self.machine, self.name = machine, name
        machine.processes[name] = self
        self.random = Random(f"{machine.seed} {name}")
        self.starts = 0
        self.dies_in: int | None = None
        """Pauses until it crashes."""
        self.loses: CrashPoint | None = None
        """Where its next transaction that writes loses the connection."""
        self.cut_until = 0.0
        """The store cannot be reached before."""
        self.hangs_in: int | None = None
        """Pauses until it stands still for ``hangs_for`` seconds."""
        self.hangs_for = 0.0
        self.at_commit: tuple[int, Callable[[], object]] | None = None
        """A fault that strikes right after one of its commits, after so many others."""
        self._body = body
        self._dead = self._waits = self._news = False
        self._sleep = 0
        self._start()

    def pause(self, seconds: float = 0.0) -> None:
        """Others may have their turn. Raises ``Crash`` where this process ends."""
        self._die_if_due()
        seconds = max(seconds, self._hangs())
        if seconds > 0:
            self._sleep += 1
            self.machine.at(self.machine.seconds + seconds, self._waker(self._sleep))
            hub = self._greenlet.parent
            assert hub is not None
            hub.switch()
            self._die_if_due()

    def give_way(self) -> None:
        """At I/O: mostly it takes no time worth telling."""
        if self._dead:
            raise Crash
        if not self.machine.quiet:
            drawn = self.random.random()
            self.pause(drawn * 0.5 if drawn < 0.06 else 0.0)

    @property
    def is_dead(self) -> bool:
        return self._dead

    def fall(self) -> None:
        """Something ends it, now or as soon as it asks for anything outside of itself."""
        self._dead = True
        self._sleep += 1
        self.machine.at(self.machine.seconds, self._waker(self._sleep))

    def wake(self, within: Sequence[float] = SOON) -> None:
        """There is news: the wait it is in ends after one of these times, or else its next one."""
        self._news = True
        if self._waits:
            self._waits = False
            self._sleep += 1
            latency = self.random.choice(within)
            self.machine.at(self.machine.seconds + latency, self._waker(self._sleep))

    def wait(self, seconds: float) -> bool:
        """Until something happens, or for so long. Did something happen?"""
        if self._news:
            self._news = False
            self.pause(0.3)
            return True
        self._waits = True
        try:
            self.pause(max(seconds, 0.001))
            return self._news
        finally:
            self._waits = self._news = False

    @property
    def idles(self) -> bool:
        """It waits for something to do, and reaches the store."""
        return self._waits and self.cut_until <= self.machine.seconds

    def committed(self) -> None:
        if self.at_commit is not None:
            others, strike = self.at_commit
            self.at_commit = (others - 1, strike) if others else None
            if not others:
                strike()

    def end(self) -> None:
        self._dead = True
        if self._greenlet and not self._greenlet.dead:
            self._greenlet.parent = getcurrent()
            with suppress(Crash):
                self._greenlet.throw(Crash)

    def mend(self) -> None:
        """No fault is armed any more, and what holds it up is over."""
        self.cut_until, self.loses = 0.0, None
        self.dies_in = self.hangs_in = self.at_commit = None
        if not self._waits and not self._dead:
            self._sleep += 1
            self.machine.at(self.machine.seconds, self._waker(self._sleep))

    def crash(self, pauses: int) -> None:
        self.dies_in = pauses

    def hang(self, pauses: int, seconds: float) -> None:
        self.hangs_in, self.hangs_for = pauses, seconds

    def _hangs(self) -> float:
        if self.hangs_in is None or self.machine.quiet:
            return 0.0
        self.hangs_in -= 1
        if self.hangs_in >= 0:
            return 0.0
        self.hangs_in = None
        self.machine.faults["hang"] += 1
        return self.hangs_for

    def _die_if_due(self) -> None:
        if self._dead:
            raise Crash
        if self.dies_in is not None and not self.machine.quiet:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dies_in, self._dead = None, True
                self.machine.faults["crash"] += 1
                raise Crash

    def _waker(self, sleep: int) -> Callable[[], None]:
        def wake() -> None:
            if sleep == self._sleep and not self._greenlet.dead:
                self._switch()

        return wake

    def _start(self) -> None:
        self.starts += 1
        self._dead = self._waits = self._news = False
        self._sleep += 1
        self._greenlet = greenlet(self._live)
        self.machine.at(self.machine.seconds, self._waker(self._sleep))

    def _live(self) -> None:
        self._body(self)

    def _switch(self) -> None:
        """Until it pauses; what it raises, but a crash, ends the run."""
        self._greenlet.parent = getcurrent()
        try:
            self._greenlet.switch()
        except Crash:
            self.loses = None
            self.machine.at(self.machine.seconds + REBOOT, self._start)
