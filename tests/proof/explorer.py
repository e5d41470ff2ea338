"""Every interleaving of two workers around a deadline, with a crash at every step.

A history is: whose turn it is, at which moment, and who dies where. What a crash interrupts is
asked again under the same id, by the other worker: at once, or when everything else is done. Asked
again at once, it must leave the very log that the undisturbed history leaves. Where only the
connection is lost the engine asks again by itself, and gives the very answer, too.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations, combinations_with_replacement
from typing import Any, NamedTuple

from adapters.stores.memory import MemoryStore
from aggregates.command import DEFAULT_POLICY, Command, Policy
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.transactions import Append
from engine.reply import Reply
from tests.law.story import MICROSECOND, NOON, Move
from tests.proof.fragile import Crash, CrashPoint, FragileStore, Lost
from tests.proof.judge import END_OF_TIME, check
from tests.proof.optimistic import FragileOptimisticStore, OptimisticMemoryStore

WORKSPACE = "acme"
LATER = timedelta(days=30)
AROUND = (-MICROSECOND, timedelta(0), MICROSECOND)


class Tick(NamedTuple):
    """A worker's turn without a command."""


TICK = Tick()
Action = Command | Tick


class Situation(NamedTuple):
    """What came before, told with its moments; the deadline; and what two workers do around it."""

    name: str
    before: Sequence[tuple[timedelta, Move]]
    deadline: timedelta
    one: Sequence[Action]
    other: Sequence[Action]
    policy: Policy = DEFAULT_POLICY
    around: Sequence[timedelta] = AROUND


class Death(NamedTuple):
    step: int
    point: CrashPoint
    restarts: bool
    """Its process is new, without a cache."""
    asked_again_at_once: bool
    ends_with: type[Crash | Lost] = Crash


class History(NamedTuple):
    turns: tuple[int, ...]
    moments: tuple[datetime, ...]
    death: Death | None = None


class Ending(NamedTuple):
    """What is in the store, and what each step was answered (ticks: nothing)."""

    contents: Any
    answers: tuple[Reply | None, ...]
    died: bool


class Explorer:
    """Counts what it explores: ``histories`` in all, ``outcomes`` that differ, ``from_memory`` what
    was appended without a lock."""

    def __init__(self, situation: Situation, *, optimistic: bool = False) -> None:
        self.situation = situation
        self.from_memory = 0
        self._optimistic = optimistic
        self.histories = 0
        self.repeated = 0
        self._before = _told(situation)
        self._seen: set[Any] = set()

    @property
    def outcomes(self) -> int:
        return len(self._seen)

    def explore(self) -> None:
        for undisturbed in self._histories():
            expected = self._run(undisturbed)
            if self._optimistic:
                plain = _Run(self.situation, self._before, optimistic=False).through(undisturbed)
                assert plain == expected, undisturbed
            for death in self._deaths(len(undisturbed.turns)):
                ending = self._run(undisturbed._replace(death=death))
                if ending.died and death.asked_again_at_once:
                    assert ending.contents == expected.contents, (undisturbed, death)
                    self._compare(expected, ending, death)

    def _histories(self) -> Iterator[History]:
        ones, others = len(self.situation.one), len(self.situation.other)
        steps = range(ones + others)
        deadline = NOON + self.situation.deadline
        for first in combinations(steps, ones):
            turns = tuple(0 if step in first else 1 for step in steps)
            for offsets in combinations_with_replacement(self.situation.around, len(steps)):
                yield History(turns, tuple(deadline + offset for offset in offsets))

    def _deaths(self, steps: int) -> Iterator[Death]:
        for step in range(steps):
            for point in CrashPoint:
                yield Death(step, point, restarts=False, asked_again_at_once=True)
                yield Death(step, point, restarts=True, asked_again_at_once=False)
                yield Death(step, point, False, asked_again_at_once=True, ends_with=Lost)

    def _run(self, history: History) -> Ending:
        run = _Run(self.situation, self._before, optimistic=self._optimistic)
        ending = run.through(history)
        self.from_memory += run.store.appended
        if history.death is None or ending.died:
            self.histories += 1
        if ending.contents not in self._seen:
            self._seen.add(ending.contents)
            try:
                check(run.store, settled_at=run.clock.time)
            except AssertionError as broken:
                raise AssertionError(f"{self.situation.name}, {history}: {broken}") from broken
        return ending

    def _compare(self, expected: Ending, ending: Ending, death: Death) -> None:
        """The same command id gets the old answer, whoever asks; the engine that asks again itself
        gives it as if nothing had been."""
        old, new = expected.answers[death.step], ending.answers[death.step]
        if death.ends_with is Lost:
            assert new == old, (new, old)
            return
        if old is None or new is None:
            return
        assert new.repeated == (death.point is CrashPoint.AFTER_COMMIT)
        assert new.refusal == old.refusal
        assert new.position >= old.position, "one cannot wait for what followed"
        self.repeated += new.repeated


class _Run:
    """One history, from the situation to the day everything is settled."""

    def __init__(
        self,
        situation: Situation,
        before: Sequence[tuple[datetime, Append]],
        *,
        optimistic: bool,
    ) -> None:
        self.clock = ManualClock(NOON)
        self.store = OptimisticMemoryStore(self.clock)
        self._situation = situation
        for moment, append in before:
            self.clock.time = moment
            with self.store.transaction(WORKSPACE) as transaction:
                transaction.append(append)
        fragile = FragileOptimisticStore if optimistic else FragileStore
        self._stores = [fragile(self.store), fragile(self.store)]
        self._workers = [Engine(each, situation.policy) for each in self._stores]

    def through(self, history: History) -> Ending:
        done = [0, 0]
        answers: list[Reply | None] = []
        unanswered: tuple[int, int, int] | None = None
        for step, (worker, moment) in enumerate(zip(history.turns, history.moments, strict=True)):
            self.clock.time = moment
            number = done[worker]
            done[worker] += 1
            dies = history.death if history.death and history.death.step == step else None
            try:
                self._endanger(worker, dies)
                answers.append(self._take(worker, worker, number))
                if dies and dies.ends_with is Lost and self._stores[worker].crash_at is None:
                    unanswered = step, worker, number
            except (Crash, Lost):
                assert dies is not None
                unanswered = step, worker, number
                if dies.restarts:
                    self._workers[worker] = Engine(self._stores[worker], self._situation.policy)
                again = self._take(1 - worker, worker, number) if dies.asked_again_at_once else None
                answers.append(again)
            self._stores[worker].crash_at = None
        if unanswered and history.death and not history.death.asked_again_at_once:
            step, worker, number = unanswered
            answers[step] = self._take(1 - worker, worker, number)
        self.clock.time = NOON + self._situation.deadline + LATER
        for engine in self._workers:
            engine.tick(WORKSPACE, inclusive=True)
        return Ending(self._contents(), tuple(answers), unanswered is not None)

    def _endanger(self, worker: int, dies: Death | None) -> None:
        self._stores[worker].crash_at = dies.point if dies else None
        self._stores[worker].ends_with = dies.ends_with if dies else Crash

    def _take(self, worker: int, owner: int, number: int) -> Reply | None:
        """The worker takes the step that is on the owner's list."""
        step = (self._situation.one, self._situation.other)[owner][number]
        engine = self._workers[worker]
        if isinstance(step, Tick):
            engine.tick(WORKSPACE)
            return None
        command_id = f"http.worker-{owner}.{number}"
        return engine.execute(WORKSPACE, step, command_id=command_id, actor="user:test")

    def _contents(self) -> Any:
        page = self.store.read(0, 1_000_000)
        with self.store.transaction(WORKSPACE) as transaction:
            timers = sorted(transaction.timers(END_OF_TIME))
        return tuple(page.rows), tuple(page.envelopes), tuple(timers)


def _told(situation: Situation) -> Sequence[tuple[datetime, Append]]:
    """What is in the store before the two workers begin."""
    clock = ManualClock(NOON)
    store = FragileStore(MemoryStore(clock))
    engine = Engine(store, situation.policy)
    for number, (after, move) in enumerate(situation.before):
        clock.time = NOON + after
        for index, command in enumerate([move] if isinstance(move, Command) else move):
            answer = engine.execute(
                WORKSPACE, command, command_id=f"before-{number}.{index}", actor="user:test"
            )
            assert answer.refusal is None, f"{situation.name}: {command}: {answer.refusal}"
    return store.committed
