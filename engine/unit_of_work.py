"""One workspace under its lock: settle, decide, react, and what is about to be appended.

Nothing is written before ``pending`` is handed to the store, and aggregates are immutable: undoing
a refused command means going back to the states before it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aggregates.campaign import Campaign
from aggregates.command import Command, Policy
from aggregates.email_account import EmailAccount
from aggregates.rejections import Rejected
from aggregates.slot import Slot
from engine.alarms import Alarms
from engine.answer import Answer, Refusal, Request
from engine.batch import Batch, Cause
from engine.briefing import brief
from engine.cache import AggregateCache, Cached
from engine.reach import Reach
from engine.store import Append, WorkspaceTransaction
from engine.streams import ACCOUNT, CAMPAIGN, SLOT, addressee
from events.base import Event
from events.recorded import Envelope
from events.vocabulary import AccountId, CampaignId, SlotId
from processors import roster, timers
from processors.reactions import REACTIONS
from processors.timers import Timer


class UnitOfWork:
    """It is the processors' ``Workspace``, and decides whatever they ask for at once."""

    def __init__(
        self,
        transaction: WorkspaceTransaction,
        workspace: str,
        cache: AggregateCache,
        policy: Policy,
    ) -> None:
        self.workspace = workspace
        self.now = transaction.now
        self.position = transaction.last_position
        """The log's end, with what is about to be appended."""
        self._transaction = transaction
        self._policy = policy
        self._reach = Reach(transaction, workspace, cache)
        self._alarms = Alarms(transaction)
        self._roster: dict[tuple[str, CampaignId], None] = {}
        self._batches: list[Batch] = []
        self._answers: dict[str, Answer] = {}

    # What processors see.

    def account(self, account_id: AccountId) -> EmailAccount:
        account: EmailAccount = self._reach.load(ACCOUNT, account_id).state
        return account

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        campaign: Campaign = self._reach.load(CAMPAIGN, campaign_id).state
        return campaign

    def slot(self, slot_id: SlotId) -> Slot:
        slot: Slot = self._reach.load(SLOT, slot_id).state
        return slot

    def campaigns_of(self, account_id: AccountId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_account(account_id))

    def campaigns_on(self, slot_id: SlotId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_slot(slot_id))

    def _on_roster(self, entry: str) -> Sequence[Campaign]:
        added = [campaign for name, campaign in self._roster if name == entry]
        names = sorted({*self._transaction.roster(entry), *added})
        return [self.campaign(name) for name in names]

    # What the engine asks for.

    def perform(self, request: Request) -> Answer:
        """Decide one command and all that follows from it, together or not at all.

        The same command id twice: the old answer, and nothing new.
        """
        repeated = self._answered(request.command_id)
        if repeated is not None:
            return repeated
        cause = Cause(request.command_id, request.actor, request.command_id, requested=True)
        before = len(self._batches)
        refusal = self._attempt(replace(request.command, at=self.now), cause)
        self.settle()
        recorded = [each for batch in self._batches[before:] for each in batch.recorded()]
        answer = Answer(request.command_id, self.position, refusal, recorded)
        self._answers[request.command_id] = answer
        return answer

    def settle(self, *, inclusive: bool = False) -> None:
        """S7: decide what was due before now, in order of due times, each as of its due time.

        ``inclusive`` takes what is due at this very instant as well.
        """
        while (timer := self._alarms.next_due(inclusive=inclusive)) is not None:
            self._fire(timer)

    def remind(self) -> None:
        """N1: issue the reminders that are due, of each incident only the latest."""
        for timer in timers.latest_of_each_incident(self._alarms.due_reminders()):
            self._fire(timer)

    def pending(self) -> Append | None:
        """What is to be appended, if anything."""
        if not self._batches and not self._alarms.changes:
            return None
        return Append(
            events=[row for batch in self._batches for row in batch.rows()],
            envelopes=[batch.envelope for batch in self._batches],
            timers=self._alarms.changes,
            roster=self._roster,
        )

    def states(self) -> dict[str, Cached]:
        """Every aggregate read or changed, by stream."""
        return self._reach.states

    # Deciding.

    def _answered(self, command_id: str) -> Answer | None:
        if command_id in self._answers:
            return self._answers[command_id]._replace(recorded=(), repeated=True)
        envelope = self._transaction.envelope(command_id)
        if envelope is None:
            return None
        refusal = Refusal(**json.loads(envelope.rejection)) if envelope.rejection else None
        return Answer(command_id, self.position, refusal, repeated=True)

    def _attempt(self, command: Command, cause: Cause) -> Refusal | None:
        states, changes = dict(self._reach.states), dict(self._alarms.changes)
        enrolled, batches, position = dict(self._roster), len(self._batches), self.position
        try:
            self._decide(command, cause)
        except Rejected as rejected:
            self._reach.states, self._alarms.changes = states, changes
            self._roster, self.position = enrolled, position
            del self._batches[batches:]
            refusal = Refusal(rejected.code, rejected.message)
            self._accept(command, cause, rejected.facts, refusal)
            return refusal
        return None

    def _fire(self, timer: Timer) -> None:
        asked = timers.fall_due(self, timer, self.now)
        if isinstance(asked, datetime):
            self._alarms.set(timer.key, timer._replace(due_at=asked))
        else:
            self._decide(asked, Cause.of_timer(self.workspace, timer))

    def _decide(self, command: Command, cause: Cause) -> None:
        kind, aggregate_id = addressee(command)
        state = self._reach.load(kind, aggregate_id).state
        events = kind.decide(state, brief(self, command, self._policy))
        self._accept(command, cause, events)

    def _accept(
        self,
        command: Command,
        cause: Cause,
        events: Sequence[Event],
        refusal: Refusal | None = None,
    ) -> None:
        """Take the events in, then let the process managers answer them."""
        if not events and not cause.requested:
            return
        envelope = cause.envelope(
            command,
            self.workspace,
            self.now,
            first_position=self.position + 1,
            event_count=len(events),
            refusal=refusal,
        )
        stream, first_version = self._reach.advance(*addressee(command), events)
        self._batches.append(Batch(envelope, stream, first_version, events))
        self.position += len(events)
        self._index(envelope, events)
        self._react(envelope, events, cause)

    def _react(self, envelope: Envelope, events: Sequence[Event], cause: Cause) -> None:
        for index, event in enumerate(events):
            for reaction in REACTIONS.get(type(event), ()):
                event_id = envelope.event_id(index)
                for number, command in enumerate(reaction.react(self, event)):
                    self._decide(command, cause.of_reaction(event_id, reaction.name, number))

    def _index(self, envelope: Envelope, events: Sequence[Event]) -> None:
        for index, event in enumerate(events):
            if type(event) in timers.WATCHES:
                cause = envelope.event_id(index), envelope.correlation_id
                for key, due_at in timers.timers(event):
                    self._alarms.set(key, Timer(due_at, key, *cause) if due_at else None)
            if type(event) in roster.WATCHES:
                self._roster.update(dict.fromkeys(roster.entries(event)))
