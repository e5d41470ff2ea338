"""One workspace under its lock: what is read, decided, and about to be appended.

Nothing is written before ``pending`` is handed to the store, and aggregates are immutable: undoing
a refused command means going back to the states before it.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.command import Command, Policy
from aggregates.email_account import EmailAccount
from aggregates.rejections import Rejected
from aggregates.slot import Slot
from engine.answer import Answer, Refusal, Request
from engine.briefing import brief
from engine.cache import AggregateCache, Cached
from engine.collector import collector_paused, settle_down
from engine.decoding import decode_stream
from engine.snapshots import thaw, topic_of
from engine.store import Append, NewRow, WorkspaceTransaction
from engine.streams import ACCOUNT, CAMPAIGN, SLOT, Kind, addressee, stream_id
from events.base import Event
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from events.vocabulary import AccountId, CampaignId, SlotId
from processors import roster, timers
from processors.reactions import REACTIONS
from processors.timers import Key, Timer

LARGE = 10_000
"""Events of one stream, after whose replay the collector leaves what lives alone."""


class _Cause(NamedTuple):
    """Who or what a command comes from (F2)."""

    command_id: str
    actor: str
    correlation_id: str
    causation_id: str | None = None
    requested: bool = False
    """Somebody waits for the answer, so it is remembered even if nothing happened."""

    def of_reaction(self, event_id: str, name: str, number: int) -> "_Cause":
        """The same event always causes the same command ids."""
        return _Cause(
            derived_id(event_id, name, str(number)),
            f"processor:{name}",
            self.correlation_id,
            event_id,
        )


class _Batch(NamedTuple):
    """One decided command: its envelope and facts, with the place they will have."""

    envelope: Envelope
    stream_id: str
    first_version: int
    events: Sequence[Event]


class UnitOfWork:
    """Settle, decide and react in one workspace; it is the processors' ``Workspace``."""

    def __init__(
        self,
        transaction: WorkspaceTransaction,
        workspace: str,
        cache: AggregateCache,
        policy: Policy,
    ) -> None:
        self.workspace = workspace
        self.now = transaction.now
        self.states: dict[str, Cached] = {}
        """Every aggregate read or changed, by stream."""
        self.position = transaction.last_position
        self._transaction = transaction
        self._cache = cache
        cache.begin(transaction.last_position)
        self._policy = policy
        self._batches: list[_Batch] = []
        self._answers: dict[str, Answer] = {}
        self._timers: dict[Key, Timer | None] = {}
        self._due = [timer for timer in transaction.timers(self.now) if not timer.reminds]
        self._stored_timers = {timer.key: timer for timer in self._due}
        heapq.heapify(self._due)
        self._roster: dict[tuple[str, CampaignId], None] = {}

    # What processors see.

    def account(self, account_id: AccountId) -> EmailAccount:
        account: EmailAccount = self._load(ACCOUNT, account_id).state
        return account

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        campaign: Campaign = self._load(CAMPAIGN, campaign_id).state
        return campaign

    def slot(self, slot_id: SlotId) -> Slot:
        slot: Slot = self._load(SLOT, slot_id).state
        return slot

    def campaigns_of(self, account_id: AccountId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_account(account_id))

    def campaigns_on(self, slot_id: SlotId) -> Sequence[Campaign]:
        return self._on_roster(roster.of_slot(slot_id))

    # What the engine asks for.

    def perform(self, request: Request) -> Answer:
        """Decide one command and all that follows from it, together or not at all.

        The same command id twice: the old answer, and nothing new.
        """
        repeated = self._answered(request.command_id)
        if repeated is not None:
            return repeated
        cause = _Cause(request.command_id, request.actor, request.command_id, requested=True)
        before = len(self._batches)
        refusal = self._attempt(replace(request.command, at=self.now), cause)
        self.settle()
        answer = Answer(
            request.command_id,
            self.position,
            refusal,
            [fact for batch in self._batches[before:] for fact in _recorded(batch)],
        )
        self._answers[request.command_id] = answer
        return answer

    def settle(self, *, inclusive: bool = False) -> None:
        """S7: decide what was due before now, in order of due times, each as of its due time.

        ``inclusive`` takes what is due at this very instant as well.
        """
        while self._due:
            timer = self._due[0]
            if timer.due_at > self.now or (timer.due_at == self.now and not inclusive):
                return
            heapq.heappop(self._due)
            if self._timers.get(timer.key, self._stored_timers.get(timer.key)) == timer:
                self._fire(timer)

    def remind(self) -> None:
        """N1: issue the reminders that are due, of each incident only the latest."""
        due = [timer for timer in self._transaction.timers(self.now) if timer.reminds]
        for timer in timers.latest_of_each_incident(due):
            self._fire(timer)
        self._timers.update((timer.key, None) for timer in due)

    def pending(self) -> Append | None:
        """What is to be appended, if anything."""
        if not self._batches and not self._timers:
            return None
        return Append(
            events=[row for batch in self._batches for row in _encoded(batch)],
            envelopes=[batch.envelope for batch in self._batches],
            timers=self._timers,
            roster=self._roster,
        )

    # Reading.

    def _load(self, kind: Kind, aggregate_id: str) -> Cached:
        stream = stream_id(self.workspace, kind, aggregate_id)
        entry = self.states.get(stream)
        if entry is None:
            entry = self.states[stream] = self._caught_up(kind, aggregate_id, stream)
        return entry

    def _caught_up(self, kind: Kind, aggregate_id: str, stream: str) -> Cached:
        entry, current = self._cache.get(stream)
        if entry is not None and current:
            return entry
        if entry is None:
            entry = self._from_snapshot(kind, stream) or Cached(0, kind.initial(aggregate_id))
        version = entry.version

        def newer() -> Iterator[Event]:
            nonlocal version
            rows = self._transaction.stream(stream, entry.version)
            for event in decode_stream(rows, entry.version):
                version += 1
                yield event

        with collector_paused():
            state = kind.fold(entry.state, newer())
        if version - entry.version > LARGE:
            settle_down()
        return Cached(version, state, entry.snapshot_version)

    def _from_snapshot(self, kind: Kind, stream: str) -> Cached | None:
        topic = topic_of(kind)
        stored = self._transaction.snapshot(stream, topic) if topic else None
        if stored is None:
            return None
        version = stored.originator_version
        return Cached(version, thaw(stored), snapshot_version=version)

    def _on_roster(self, entry: str) -> Sequence[Campaign]:
        added = [campaign for name, campaign in self._roster if name == entry]
        names = sorted({*self._transaction.roster(entry), *added})
        return [self.campaign(name) for name in names]

    def _answered(self, command_id: str) -> Answer | None:
        if command_id in self._answers:
            return self._answers[command_id]._replace(recorded=(), repeated=True)
        envelope = self._transaction.envelope(command_id)
        if envelope is None:
            return None
        refusal = Refusal(**json.loads(envelope.rejection)) if envelope.rejection else None
        return Answer(command_id, self.position, refusal, repeated=True)

    # Deciding.

    def _attempt(self, command: Command, cause: _Cause) -> Refusal | None:
        savepoint = dict(self.states), dict(self._timers), dict(self._roster), self.position
        batches = len(self._batches)
        try:
            self._decide(command, cause)
        except Rejected as rejected:
            self.states, self._timers, self._roster, self.position = savepoint
            del self._batches[batches:]
            refusal = Refusal(rejected.code, rejected.message)
            self._accept(command, cause, rejected.facts, refusal)
            return refusal
        return None

    def _decide(self, command: Command, cause: _Cause) -> None:
        kind, aggregate_id = addressee(command)
        state = self._load(kind, aggregate_id).state
        events = kind.decide(state, brief(self, command, self._policy))
        self._accept(command, cause, events)

    def _accept(
        self,
        command: Command,
        cause: _Cause,
        events: Sequence[Event],
        refusal: Refusal | None = None,
    ) -> None:
        """Take the facts in, then let the process managers answer them."""
        if not events and not cause.requested:
            return
        kind, aggregate_id = addressee(command)
        envelope = self._envelope(command, cause, len(events), refusal)
        stream = stream_id(self.workspace, kind, aggregate_id)
        entry = self._load(kind, aggregate_id)
        self._batches.append(_Batch(envelope, stream, entry.version + 1, events))
        self.position += len(events)
        self.states[stream] = entry._replace(
            version=entry.version + len(events), state=kind.fold(entry.state, events)
        )
        self._index(envelope, events)
        self._react(envelope, events, cause)

    def _react(self, envelope: Envelope, events: Sequence[Event], cause: _Cause) -> None:
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
                    self._set_timer(key, Timer(due_at, key, *cause) if due_at else None)
            if type(event) in roster.WATCHES:
                self._roster.update(dict.fromkeys(roster.entries(event)))

    def _set_timer(self, key: Key, timer: Timer | None) -> None:
        self._timers[key] = timer
        if timer is not None and timer.due_at <= self.now and not timer.reminds:
            heapq.heappush(self._due, timer)

    def _fire(self, timer: Timer) -> None:
        asked = timers.fall_due(self, timer, self.now)
        if isinstance(asked, datetime):
            self._set_timer(timer.key, timer._replace(due_at=asked))
            return
        self._timers[timer.key] = None
        command_id = derived_id(self.workspace, *timer.key, timer.due_at.isoformat())
        cause = _Cause(
            command_id, "clock", timer.correlation_id or command_id, timer.set_by or None
        )
        self._decide(asked, cause)

    def _envelope(
        self, command: Command, cause: _Cause, count: int, refusal: Refusal | None
    ) -> Envelope:
        return Envelope(
            command_id=cause.command_id,
            command=type(command).__name__,
            workspace=self.workspace,
            recorded_at=self.now,
            actor=cause.actor,
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            first_position=self.position + 1,
            event_count=count,
            rejection=json.dumps(refusal._asdict()) if refusal else None,
        )


def derived_id(*parts: str) -> str:
    """A command id that follows from what caused the command."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _recorded(batch: _Batch) -> list[Recorded]:
    envelope = batch.envelope
    return [
        Recorded(
            envelope.first_position + index,
            batch.stream_id,
            batch.first_version + index,
            event,
            envelope,
        )
        for index, event in enumerate(batch.events)
    ]


def _encoded(batch: _Batch) -> list[NewRow]:
    stream, version, encoders = batch.stream_id, batch.first_version, CATALOGUE.encoders
    rows: list[NewRow] = []
    for event in batch.events:
        topic, to_json = encoders[type(event)]
        rows.append((stream, version, topic, to_json(event, exclude_none=True)))
        version += 1
    return rows
