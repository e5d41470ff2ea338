"""Replay a history with commands inserted or left out, in memory; nothing is written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign.commands import RemoveSender
from aggregates.command import DEFAULT_POLICY, Command, Policy
from aggregates.email_account.commands import ConnectAccount, OneClickReconnect
from engine.answers.workspace_answers import Answers
from engine.audit.commands_from_facts import PastTurn, past_turns, recorded_policy
from engine.audit.fold import Fold
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import Clock, ManualClock
from engine.ports.views import ReadableViews
from engine.reply import Refusal
from events.recorded import Recorded

COURIER = "courier"
PAGE = 20_000


class Insertion(NamedTuple):
    """A command that somebody might have given at that moment, after everything that had happened
    by then."""

    at: datetime
    command: Command


class Refused(NamedTuple):
    """A command that the altered history refuses; ``position`` is its position in the real one."""

    at: datetime
    command: str
    position: int | None
    refusal: Refusal


class Life(NamedTuple):
    """The state at the end of a history, and the times of its beginning and end."""

    views: ReadableViews
    refused: Sequence[Refused]
    workspace: str
    first: datetime
    last: datetime

    def answers(self) -> Answers:
        return Answers(self.views, self.workspace)


NewEngine = Callable[[Clock, Policy], Engine]
"""Makes an engine over an empty store of which nothing is kept."""


def reality(history: Iterable[Recorded], workspace: str) -> Life | None:
    """The real history's outcome; None for a workspace in which nothing happened."""
    fold, first, last = Fold(), None, None
    for fact in history:
        last = fact.envelope.recorded_at
        first = first or last
        fold.add([fact])
    return Life(fold.views(), [], workspace, first, last) if first and last else None


def relive(
    history: Iterable[Recorded],
    real: Life,
    new_engine: NewEngine,
    *,
    insert: Sequence[Insertion] = (),
    leave_out: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> Life:
    """Replay the workspace's history up to the same end. ``leave_out`` is a command's id."""
    clock = ManualClock(real.first)
    life = _Life(new_engine(clock, policy), clock, real)
    waiting = sorted(insert, key=lambda each: each.at)
    for turn in past_turns(history):
        while waiting and waiting[0].at < turn.at:
            life.insert(waiting.pop(0))
        if turn.envelope.command_id != leave_out:
            life.tell(turn)
    for insertion in waiting:
        life.insert(insertion)
    return life.end()


class _Life:
    def __init__(self, engine: Engine, clock: ManualClock, real: Life) -> None:
        self._engine, self._clock, self._real = engine, clock, real
        self._workspace = real.workspace
        self._refused: list[Refused] = []
        self._inserted = 0

    def tell(self, turn: PastTurn) -> None:
        self._clock.time = turn.at
        if turn.command is None:
            self._turn(turn)
            return
        self._engine.policy = recorded_policy(self._engine.policy, turn.events)
        envelope = turn.envelope
        command = self._as_shown(turn.command)
        answer = self._engine.execute(
            self._workspace, command, command_id=envelope.command_id, actor=envelope.actor
        )
        refused_anyway = envelope.rejection is not None
        if answer.refusal and not refused_anyway and envelope.actor != COURIER:
            self._note(turn.at, command, envelope.first_position, answer.refusal)

    def insert(self, insertion: Insertion) -> None:
        self._inserted += 1
        self._clock.time = insertion.at
        command = self._as_shown(insertion.command)
        answer = self._engine.execute(
            self._workspace, command, command_id=f"what-if-{self._inserted}", actor="user:what-if"
        )
        if answer.refusal:
            self._note(insertion.at, command, None, answer.refusal)

    def end(self) -> Life:
        self._clock.time = self._real.last
        self._engine.execute_page(self._workspace, [])
        fold, log = Fold(), self._engine.store
        position = 0
        while page := list(decode_page(log.read(position, PAGE), position)):
            fold.add(page)
            position = page[-1].position
        return self._real._replace(views=fold.views(), refused=self._refused)

    def _turn(self, turn: PastTurn) -> None:
        """Take the engine's turn: reminders are issued only where a worker ran."""
        if turn.reminds or turn.inclusive:
            self._engine.tick(self._workspace, inclusive=turn.inclusive)
        else:
            self._engine.execute_page(self._workspace, [])

    def _as_shown(self, command: Command) -> Command:
        """The command with what a user would read from the screen before giving it, as it would
        then be."""
        if not isinstance(command, RemoveSender | OneClickReconnect | ConnectAccount):
            return command
        with self._engine.look(self._workspace) as now:
            match command:
                case RemoveSender(campaign_id=name, account_id=sender):
                    held = len(now.campaign(name).lane(sender).contacted)
                    return replace(command, confirmed=held)
                case OneClickReconnect(account_id=name):
                    return replace(command, configuration=now.account(name).configuration)
                case ConnectAccount(account_id=name, configuration=""):
                    return replace(command, configuration=now.account(name).configuration)
                case _:
                    return command

    def _note(self, at: datetime, command: Command, position: int | None, refusal: Refusal) -> None:
        self._refused.append(Refused(at, type(command).__name__, position, refusal))
