"""One workspace at one moment: settle, decide, react, and what is about to be appended.

Nothing is written before it is appended to a transaction, and aggregates are immutable: undoing
a refused command means going back to the states before it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter_ns
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.changed import changed
from aggregates.command import Command, Policy
from aggregates.email_account import EmailAccount
from aggregates.rejections import Rejected, StoreFenced
from aggregates.slot import Slot
from aggregates.suppressions import ONE, Suppressions
from engine.aggregate_loader import AggregateLoader
from engine.batch import Batch, Cause, Rows
from engine.cache import AggregateCache, Cached
from engine.command_context import CommandContext
from engine.due_timers import DueTimers
from engine.indexes import INDEXED, entries_of, timers_of
from engine.ports.transactions import Append, WorkspaceReading, WorkspaceTransaction
from engine.reply import Refusal, Reply, Request
from engine.streams import ACCOUNT, CAMPAIGN, SLOT, SUPPRESSIONS, addressee
from events.alike import of_classes
from events.base import Event
from events.recorded import Envelope
from events.vocabulary import AccountId, CampaignId, SlotId, instant_text
from processors import roster, timers
from processors.reactions import REACTIONS
from processors.timers import Timer


class Outcome(NamedTuple):
    """What became of a command; a reply as soon as its events have their positions."""

    command_id: str
    refusal: Refusal | None
    batches: Sequence[Batch]
    decided: int
    """Events of the transaction up to the command's last."""
    repeated: bool = False

    def reply(self, after: int) -> Reply:
        position = after + self.decided
        if self.repeated:
            return Reply(self.command_id, position, self.refusal, repeated=True)
        recorded = [each for batch in self.batches for each in batch.recorded(after)]
        return Reply(self.command_id, position, self.refusal, recorded)


class UnitOfWork:
    """It is the processors' ``Workspace``, and decides whatever they ask for at once.

    ``fenced``: why the store may lack what it did. Then nothing is settled, no reminder is issued,
    and few commands are taken; a refusal of the others leaves nothing behind (M6). ``epoch``: of
    what is cached, where the workspace is not asked for its position.
    """

    def __init__(
        self,
        reading: WorkspaceReading,
        workspace: str,
        cache: AggregateCache,
        policy: Policy,
        fenced: str | None,
        *,
        epoch: int | None = None,
    ) -> None:
        self.workspace = workspace
        self._fenced = fenced
        self.now = reading.now
        self.decided = 0
        """How many events are about to be appended."""
        self.entered_at = self.decided_at = perf_counter_ns()
        self._reading = reading
        self._appended: WorkspaceTransaction | None = None
        self._policy = policy
        self._cache = cache
        self._aggregates = AggregateLoader(reading, workspace, cache, epoch)
        self._timers = DueTimers(reading)
        self._roster: dict[tuple[str, CampaignId], None] = {}
        self._batches: list[Batch] = []
        self._outcomes: dict[str, Outcome] = {}

    # What processors see.

    def account(self, account_id: AccountId) -> EmailAccount:
        account: EmailAccount = self._aggregates.load(ACCOUNT, account_id).state
        return account

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        campaign: Campaign = self._aggregates.load(CAMPAIGN, campaign_id).state
        return campaign

    def slot(self, slot_id: SlotId) -> Slot:
        slot: Slot = self._aggregates.load(SLOT, slot_id).state
        return slot

    def suppressions(self) -> Suppressions:
        listed: Suppressions = self._aggregates.load(SUPPRESSIONS, ONE).state
        return listed

    def campaigns(self) -> Sequence[Campaign]:
        return self._on_roster(roster.OF_WORKSPACE)

    def campaigns_of(self, account_id: AccountId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_account(account_id))

    def campaigns_on(self, slot_id: SlotId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_slot(slot_id))

    def _on_roster(self, entry: str) -> Sequence[Campaign]:
        added = [campaign for name, campaign in self._roster if name == entry]
        names = sorted({*self._reading.roster(entry), *added})
        return [self.campaign(name) for name in names]

    # What the engine asks for.

    def perform(self, request: Request) -> Outcome:
        """Decide one command and all that follows from it, together or not at all.

        The same command id twice: the old reply, and nothing new.
        """
        repeated = self._decided_before(request.command_id)
        if repeated is not None:
            return repeated
        if self._fenced is not None and not request.command.taken_when_fenced:
            fenced = StoreFenced(reason=self._fenced)
            told = Refusal(fenced.code, fenced.message)
            return Outcome(request.command_id, told, (), self.decided)
        unmet = request.condition(self) if request.condition else None
        if unmet is not None:
            return Outcome(request.command_id, unmet, (), self.decided)
        cause = Cause(request.command_id, request.actor, request.command_id, requested=True)
        before = len(self._batches)
        refusal = self._attempt(changed(request.command, at=self.now), cause)
        self.settle()
        outcome = Outcome(request.command_id, refusal, self._batches[before:], self.decided)
        self._outcomes[request.command_id] = outcome
        return outcome

    @property
    def has_something_due(self) -> bool:
        return self._fenced is None and self._timers.any_due

    def settle(self, *, inclusive: bool = False) -> None:
        """S7: decide what was due before now, in order of due times, each as of its due time.

        ``inclusive`` takes what is due at this very instant as well.
        """
        while self._fenced is None:
            timer = self._timers.next_due(inclusive=inclusive)
            if timer is None:
                return
            self._fire(timer)

    def remind(self) -> None:
        """N1: issue the reminders that are due, of each incident only the latest."""
        due = self._timers.due_reminders() if self._fenced is None else ()
        for timer in timers.latest_of_each_incident(due):
            self._fire(timer)

    def append_to(self, transaction: WorkspaceTransaction) -> None:
        """Hand what was decided to the transaction, if anything was."""
        self.decided_at = perf_counter_ns()
        if self._batches or self._timers.changes:
            self._appended = transaction
            transaction.append(
                Append(
                    events=Rows(self._batches),
                    envelopes=[batch.envelope for batch in self._batches],
                    timers=self._timers.changes,
                    roster=self._roster,
                )
            )

    # After the commit.

    @property
    def batches(self) -> Sequence[Batch]:
        """Every command that was decided with its events."""
        return self._batches

    @property
    def states(self) -> dict[str, Cached]:
        """Every aggregate read or changed, by stream."""
        return self._aggregates.states

    @property
    def as_read(self) -> dict[str, Cached]:
        """Every aggregate read, before anything was decided."""
        return self._aggregates.as_read

    @property
    def after(self) -> int:
        """The position after which the events stand; the workspace's last where nothing came."""
        return self._appended.appended_after if self._appended else self._reading.last_position

    def remember(self) -> None:
        """Keep the states that were decided on: they are the newest there are.

        Nothing is kept of a transaction that wrote nothing: what it read of others may not be on
        the disk yet, and be gone when the server crashes.
        """
        if self._appended is None:
            return
        after = self.after if self.decided else self._reading.last_position
        states, epoch = self._aggregates.states, self._aggregates.epoch
        position = after + self.decided
        self._cache.commit(self.workspace, epoch, states, after, position, recorded_at=self.now)

    # Deciding.

    def _decided_before(self, command_id: str) -> Outcome | None:
        if command_id in self._outcomes:
            return self._outcomes[command_id]._replace(batches=(), repeated=True)
        envelope = self._reading.envelope(command_id)
        if envelope is None:
            return None
        refusal = Refusal(**json.loads(envelope.rejection)) if envelope.rejection else None
        return Outcome(command_id, refusal, (), self.decided, repeated=True)

    def _attempt(self, command: Command, cause: Cause) -> Refusal | None:
        states, changes = dict(self._aggregates.states), dict(self._timers.changes)
        enrolled, batches, decided = dict(self._roster), len(self._batches), self.decided
        try:
            self._decide(command, cause)
        except Rejected as rejected:
            self._aggregates.states, self._timers.changes = states, changes
            self._roster, self.decided = enrolled, decided
            del self._batches[batches:]
            refusal = Refusal(rejected.code, rejected.message, _facts(rejected))
            self._accept(command, cause, rejected.facts, refusal)
            return refusal
        return None

    def _fire(self, timer: Timer) -> None:
        asked = timers.fall_due(self, timer, self.now)
        if isinstance(asked, datetime):
            self._timers.set(timer.key, timer._replace(due_at=asked))
        else:
            self._decide(asked, Cause.of_timer(self.workspace, timer))

    def _decide(self, command: Command, cause: Cause) -> None:
        type_, aggregate_id = addressee(command)
        state = self._aggregates.load(type_, aggregate_id).state
        context = CommandContext(self, self._policy)
        events = type_.decide(state, command.in_context(context))
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
            first_position=self.decided + 1,
            event_count=len(events),
            refusal=refusal,
        )
        stream, first_version = self._aggregates.advance(*addressee(command), events)
        self._batches.append(Batch(envelope, stream, first_version, events, perf_counter_ns()))
        self.decided += len(events)
        self._index(envelope, events)
        self._react(envelope, events, cause)

    def _react(self, envelope: Envelope, events: Sequence[Event], cause: Cause) -> None:
        for index, event in of_classes(events, REACTIONS):
            for reaction in REACTIONS[type(event)]:
                event_id = envelope.event_id(index)
                for number, command in enumerate(reaction.react(self, event)):
                    self._decide(command, cause.of_reaction(event_id, reaction.name, number))

    def _index(self, envelope: Envelope, events: Sequence[Event]) -> None:
        for index, event in of_classes(events, INDEXED):
            cause = envelope.event_id(index), envelope.correlation_id
            for key, timer in timers_of(event, *cause):
                self._timers.set(key, timer)
            self._roster.update(dict.fromkeys(entries_of(event)))


def _facts(rejected: Rejected) -> dict[str, object]:
    """As JSON has them."""
    return {
        name: value if isinstance(value, int) else _told(value)
        for name, value in rejected.about.items()
        if value is not None
    }


def _told(value: object) -> str:
    return instant_text(value) if isinstance(value, datetime) else str(value)
