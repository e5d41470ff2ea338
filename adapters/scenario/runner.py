"""Runs a scenario through the engine in virtual time.

The law is not here: the runner sets the store's clock, passes commands to the engine, and lets the
engine take its turn whenever something falls due, unless the story says that no worker runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from adapters.composition.programs import rehearsal
from adapters.scenario.commands import commands_of
from adapters.scenario.reader import Scenario, Step
from adapters.scenario.sending import Sending, Waits
from aggregates.command import Policy
from engine.answers.workspace_answers import Answers
from engine.decoding import decode_page
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.reply import Refusal, Reply
from events.recorded import Recorded
from projections.shipped import SHIPPED

WORKSPACE = "scenario"


class StepOutcome(NamedTuple):
    """The immediate result of a step."""

    step: Step
    refusal: Refusal | None
    recorded: Sequence[Recorded]


class TimePassed(NamedTuple):
    """What the engine did by itself when something fell due."""

    at: datetime
    recorded: Sequence[Recorded]


class Ending(NamedTuple):
    """How the story ends: the answers, the whole log, and the course of events."""

    at: datetime
    answers: Answers
    log: Sequence[Recorded]
    course: Sequence[StepOutcome | TimePassed]
    waits: Waits | None = None
    """With ``sending: auto``: why nothing is sent to each recipient."""


def run_scenario(scenario: Scenario) -> Ending:
    return _Run(scenario).to_the_end()


def _policy(scenario: Scenario) -> Policy:
    """The policy; if emails are told instead of sent, nobody is suppressed (M7)."""
    if scenario.sends:
        return scenario.policy
    return replace(scenario.policy, suppressed_because=frozenset())


class _Run:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._clock = ManualClock(scenario.start)
        self._store, self._views, self._engine = rehearsal(self._clock, _policy(scenario))
        self._sending: Sending | None = None
        if scenario.sends:
            self._sending = Sending(self._engine, WORKSPACE, scenario.steps)
        self._down_until = scenario.start
        self._course: list[StepOutcome | TimePassed] = []
        self._seen = 0

    def to_the_end(self) -> Ending:
        for step in self._scenario.steps:
            self._let_time_run(step.at, inclusive=False)
            self._take(step)
        self._let_time_run(self._scenario.until, inclusive=True)
        ProjectionRunner(self._store, self._views, SHIPPED).catch_up()
        answers, until = Answers(self._views, WORKSPACE), self._scenario.until
        waits = self._sending.waits(until) if self._sending else None
        return Ending(until, answers, self._log(0), self._course, waits)

    def _let_time_run(self, to: datetime, *, inclusive: bool) -> None:
        """Let time run to ``to``. If exclusive, what is due at that instant follows the step."""
        for wake in self._wakes(to, inclusive=inclusive):
            self._clock.time = wake
            self._engine.tick(WORKSPACE, inclusive=True)
            if self._sending is not None:
                self._sending.turn(wake)
            self._course.append(TimePassed(wake, self._news()))
        self._clock.time = to

    def _wakes(self, to: datetime, *, inclusive: bool) -> Iterator[datetime]:
        while (due := self._next_due()) is not None:
            wake = max(due, self._down_until)
            if wake > to or (wake == to and not inclusive):
                return
            yield wake

    def _next_due(self) -> datetime | None:
        sends = self._sending.wakes_at(self._clock.time) if self._sending else None
        found = (each for each in (self._store.next_due(), sends) if each is not None)
        return min(found, default=None)

    def _take(self, step: Step) -> None:
        if self._sending is not None:
            self._sending.before(step, down=step.at < self._down_until)
        if step.name == "engine_down":
            assert step.until is not None
            self._down_until = step.until
            self._course.append(StepOutcome(step, None, ()))
            return
        if self._sending is not None and self._sending.takes(step):
            self._course.append(StepOutcome(step, None, ()))
            return
        answer = self._told(step)
        self._course.append(StepOutcome(step, answer.refusal, self._news()))

    def _told(self, step: Step) -> Reply:
        """Execute the step's commands, until one is refused."""
        answer = Reply("", 0)
        for number, (command, actor) in enumerate(commands_of(step, self._engine, WORKSPACE)):
            answer = self._engine.execute(
                WORKSPACE, command, command_id=f"step-{step.number}.{number}", actor=actor
            )
            if answer.refusal:
                break
        return answer

    def _news(self) -> list[Recorded]:
        news = self._log(self._seen)
        self._seen += len(news)
        return news

    def _log(self, after: int) -> list[Recorded]:
        return list(decode_page(self._store.read(after, 10_000_000), after))
