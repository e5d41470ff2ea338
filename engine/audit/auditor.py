"""Goes through a history, event by event, and passes each event to its checks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, get_args

import aggregates.campaign.commands as of_campaign
import aggregates.email_account.commands as of_account
from aggregates import people, recipient, slot, suppressions
from aggregates.command import Command
from engine.audit import after_command, clocks, envelopes, unknown_fields
from engine.audit.books import Books
from engine.audit.envelopes import Causes
from engine.audit.handlers import HANDLERS
from engine.audit.source import NEVER_RESTORED
from engine.audit.violation import Violation
from engine.ports.log import Page, Row
from events.base import Event
from events.campaign import AutoReplyReceived, CampaignEvent, GracePeriodStarted
from events.catalogue import CATALOGUE, UnreadableEvent
from events.email_account import AccountDisconnected, ConnectionFailed, EmailAccountEvent
from events.recipient import PeopleCommitted, RecipientForgotten
from events.recorded import Envelope
from events.suppression import SuppressionEvent

LONG_AGO = datetime.min.replace(tzinfo=UTC)
NO_ENVELOPE = Envelope("", "", "", LONG_AGO, "", "", None, first_position=0, event_count=0)
SETTERS = (GracePeriodStarted, AccountDisconnected, ConnectionFailed)


def _nothing(_books: Books, _event: Any) -> None:
    """A fact that changes nothing."""


def _owner(cls: type[Event]) -> tuple[str, Callable[[Any], str]]:
    if cls in get_args(CampaignEvent):
        return "campaign", attrgetter("campaign_id")
    if cls in get_args(EmailAccountEvent):
        return "account", attrgetter("account_id")
    if cls in get_args(SuppressionEvent):
        return "suppressions", lambda _: "all"
    if cls is RecipientForgotten:
        return "recipient", attrgetter("recipient_id")
    if cls is PeopleCommitted:
        return "people", lambda _: "all"
    return "slot", attrgetter("slot_id")


PLANS = {
    cls: (
        HANDLERS.get(cls, _nothing),
        unknown_fields.SURE_COUNT[cls],
        *_owner(cls),
        cls in (*SETTERS, AutoReplyReceived),
    )
    for cls in CATALOGUE.classes.values()
}


TAKEN_WHEN_FENCED = {
    name
    for module in (of_account, of_campaign, slot, suppressions, recipient, people)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, Command) and each.taken_when_fenced
}


class Auditor:
    """Reads pages in order, and passes violations to ``found`` as it finds them.

    Call ``finish`` at the log's end. Not safe to share between threads. ``restored_at``: the first
    position that may have been written after a restore.
    """

    def __init__(
        self, found: Callable[[Violation], None], restored_at: int = NEVER_RESTORED
    ) -> None:
        self.position = 0
        """The last position read."""
        self._found = found
        self._restored_at = restored_at
        self._workspaces: dict[str, tuple[Books, Causes]] = {}
        self._streams: dict[str, list[Any]] = {}
        """Version, workspace, kind and id of each stream."""
        self._envelope = NO_ENVELOPE
        self._announced = 0
        """The last position covered by an envelope so far."""

    def read(self, page: Page) -> None:
        """Read the next page."""
        decoders, plans, streams = CATALOGUE.decoders, PLANS, self._streams
        coming = iter(page.envelopes)
        last, expected = self._announced, self.position
        books, causes = self._books(self._envelope)
        for row in page.rows:
            position, stream_id, version, topic, state = row
            expected += 1
            if position != expected:
                self._tell(
                    "F1", expected, f"Nothing up to position {position - 1}: events are gone."
                )
                expected = position
            if position > last:
                self._announced = last
                last = self._open(coming, row)
                books, causes = self._books(self._envelope)
            books.position = position
            books.topic = topic
            try:
                event = decoders[topic](state)
            except (KeyError, ValueError, TypeError):
                self._unreadable(row)
                continue
            handle, names, kind, owner, sets_timer = plans[type(event)]
            if state.count(b'":') != names:
                extra = unknown_fields.foreign(type(event), state)
                if extra:
                    books.report("F1", f"It holds what no {topic} has: {', '.join(extra)}.")
            stream = streams.get(stream_id)
            if stream is None:
                stream = streams[stream_id] = self._stream(stream_id, books)
            stream[0] += 1
            if version != stream[0]:
                books.report("F1", f"Version {version} of {stream_id} follows {stream[0] - 1}.")
                stream[0] = version
            if stream[1] is not books or stream[2] != kind or stream[3] != owner(event):
                books.report("F2", f"It stands in stream {stream_id}, where it does not belong.")
            if event.occurred_at > books.recorded_at:
                books.report("F2", "It is said to have happened after it was recorded.")
            if sets_timer:
                _remember(causes, event, self._envelope, position)
            handle(books, event)
        self.position, self._announced = expected, last

    def finish(self, announced: int | None = None) -> None:
        """Finish: the log ends here. ``announced``: the last position that any envelope covers."""
        for books, _ in self._workspaces.values():
            if books.position:
                after_command.close_command(books)
                after_command.settle(books)
        end = max(self._announced, announced or 0)
        if end > self.position:
            self._tell("F1", self.position + 1, f"The log is cut off: it once reached {end}.")

    def _open(self, coming: Iterator[Envelope], row: Row) -> int:
        """Go on to the row's envelope, and return its last position; an event without an envelope
        gets a placeholder."""
        position, _, _, topic, _ = row
        envelope = next(coming, None)
        while envelope is not None and envelope.last_position < position:
            envelope = next(coming, None)
        if envelope is None or envelope.first_position > position:
            self._tell("F2", position, "The event came in no envelope.", topic)
            self._envelope = self._envelope._replace(first_position=position, event_count=1)
            return position
        if envelope.first_position <= self._announced:
            self._tell("F2", position, "Two envelopes hold this event.", topic)
        books, causes = self._books(envelope)
        if books.position:
            after_command.close_command(books)
        follows = envelope.causation_id is not None
        if not follows or envelope.actor == "clock":
            if books.position:
                after_command.settle(books)
            causes.begin()
            books.root = envelope.command
        self._envelope = books.envelope = envelope
        books.position, books.topic = position, row[3]
        envelopes.open_envelope(books, causes, envelope)
        causes.enter(envelope)
        books.recorded_at = max(books.recorded_at, envelope.recorded_at)
        is_asked_for = not follows and envelope.actor != "clock"
        is_late = books.next_due < envelope.recorded_at
        if is_asked_for and is_late and not self._may_be_fenced(envelope):
            clocks.nothing_overdue(books)
        return envelope.last_position

    def _may_be_fenced(self, envelope: Envelope) -> bool:
        """M6: whether the store may have been fenced, so that due timers waited. They must be
        settled before the next command that a fence refuses."""
        is_restored = envelope.first_position >= self._restored_at
        return is_restored and envelope.command in TAKEN_WHEN_FENCED

    def _books(self, envelope: Envelope) -> tuple[Books, Causes]:
        known = self._workspaces.get(envelope.workspace)
        if known is None:
            known = Books(envelope.workspace, self._report), Causes()
            known[0].envelope = envelope
            self._workspaces[envelope.workspace] = known
        return known

    def _stream(self, stream_id: str, books: Books) -> list[Any]:
        kind, _, name = stream_id.removeprefix(f"{books.name}:").partition(":")
        return [0, books, kind, name]

    def _unreadable(self, row: Row) -> None:
        position, stream_id, version, topic, state = row
        try:
            CATALOGUE.decode(topic, state, f"position {position}")
        except UnreadableEvent as error:
            self._tell("F1", position, str(error), topic)
        stream = self._streams.setdefault(stream_id, [0, None, "", ""])
        stream[0] = version

    def _report(
        self, rule: str, position: int, topic: str, envelope: Envelope, sentence: str
    ) -> None:
        self._found(Violation(rule, position, _id(envelope, position), topic, sentence))

    def _tell(self, rule: str, position: int, sentence: str, topic: str = "") -> None:
        envelope = self._envelope
        inside = envelope.first_position <= position <= envelope.last_position
        event_id = _id(envelope, position) if inside else ""
        self._found(Violation(rule, position, event_id, topic, sentence))


def _id(envelope: Envelope, position: int) -> str:
    return envelope.event_id(position - envelope.first_position)


def _remember(causes: Causes, event: Event, envelope: Envelope, position: int) -> None:
    event_id = _id(envelope, position)
    if isinstance(event, AutoReplyReceived):
        causes.hold((event.campaign_id, event.recipient_id), event_id, envelope.correlation_id)
    else:
        causes.set_timer(event_id, envelope.correlation_id)
