"""A history lived again with commands inserted or left out, in memory; nothing is written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from adapters.stores.memory import MemoryStore
from aggregates.campaign.commands import RemoveSender
from aggregates.command import DEFAULT_POLICY, Command, Policy
from aggregates.email_account.commands import ConnectAccount, OneClickReconnect
from engine.answers.workspace_answers import Answers
from engine.audit.commands_from_facts import Step, recorded_policy, steps
from engine.audit.fold import Fold
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.reply import Refusal
from events.recorded import Recorded

COURIER = "courier"


class Insertion(NamedTuple):
    """A command that somebody might have given at that moment, after all that came by then."""

    at: datetime
    command: Command


class Refused(NamedTuple):
    """A command that the altered history refuses; ``position`` is where it stands in reality."""

    at: datetime
    command: str
    position: int | None
    refusal: Refusal


class Life(NamedTuple):
    """How a history ends."""

    log: Sequence[Recorded]
    refused: Sequence[Refused]
    workspace: str

    def answers(self) -> Answers:
        return Answers(Fold().add(self.log).views(), self.workspace)


def reality(history: Sequence[Recorded], workspace: str) -> Life:
    return Life(history, [], workspace)


def relive(
    history: Sequence[Recorded],
    workspace: str,
    *,
    insert: Sequence[Insertion] = (),
    leave_out: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> Life:
    """The workspace's history once more, to the same end. ``leave_out`` is a command's id."""
    life = _Life(history, workspace, policy)
    waiting = sorted(insert, key=lambda each: each.at)
    for step in steps(history):
        while waiting and waiting[0].at < step.at:
            life.insert(waiting.pop(0))
        if step.envelope.command_id != leave_out:
            life.tell(step)
    for insertion in waiting:
        life.insert(insertion)
    return life.end()


class _Life:
    def __init__(self, history: Sequence[Recorded], workspace: str, policy: Policy) -> None:
        self._history, self._workspace = history, workspace
        self._clock = ManualClock(history[0].envelope.recorded_at)
        self._engine = Engine(MemoryStore(self._clock), policy)
        self._refused: list[Refused] = []
        self._inserted = 0

    def tell(self, step: Step) -> None:
        self._clock.time = step.at
        if step.command is None:
            self._turn(step)
            return
        self._engine.policy = recorded_policy(self._engine.policy, step.events)
        envelope = step.envelope
        command = self._as_shown(step.command)
        answer = self._engine.execute(
            self._workspace, command, command_id=envelope.command_id, actor=envelope.actor
        )
        refused_anyway = envelope.rejection is not None
        if answer.refusal and not refused_anyway and envelope.actor != COURIER:
            self._note(step.at, command, envelope.first_position, answer.refusal)

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
        self._clock.time = self._history[-1].envelope.recorded_at
        self._engine.execute_page(self._workspace, [])
        log = list(decode_page(self._engine.store.read(0, 1_000_000_000), 0))
        return Life(log, self._refused, self._workspace)

    def _turn(self, step: Step) -> None:
        """Reminders were issued only where a worker ran."""
        if step.reminds or step.inclusive:
            self._engine.tick(self._workspace, inclusive=step.inclusive)
        else:
            self._engine.execute_page(self._workspace, [])

    def _as_shown(self, command: Command) -> Command:
        """What a person takes from the screen before giving the command, as it would be then."""
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
