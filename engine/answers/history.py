"""The events of one recipient, account or campaign, what brought them about, and what they caused.

Nothing is scanned: the view ``histories`` has the events' positions, and envelopes say what caused
them (F2).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from engine.decoding import decode_page
from engine.ports.log import Page
from engine.ports.views import ReadableViews
from events.base import Event
from events.campaign import AutoReplyReceived, GracePeriodStarted
from events.email_account import AccountDisconnected, ConnectionFailed
from events.recorded import Envelope, Recorded
from projections.histories import HISTORIES, Subject, of_account, of_campaign, of_recipient


class Log(Protocol):
    """What a history reads of a store."""

    def read(self, after: int, limit: int) -> Page: ...

    def envelope(self, workspace: str, command_id: str) -> Envelope | None: ...


Positions = Callable[[str, Subject], Sequence[int]]
"""The positions of the events of a workspace that concern a subject, in order."""


def positions_in(views: ReadableViews) -> Positions:
    """The positions according to the view, which may lag behind the log."""

    def positions(workspace: str, subject: Subject) -> Sequence[int]:
        return [int(row.position) for row in views.rows(HISTORIES, workspace, *subject)]

    return positions


class History:
    """What happened in one workspace."""

    def __init__(self, log: Log, positions: Positions, workspace: str) -> None:
        self._log = log
        self._positions = positions
        self.workspace = workspace

    def of(self, subject: Subject) -> list[Recorded]:
        """Every event that concerns the subject, in order of position."""
        return list(self.at(self._positions(self.workspace, subject)))

    def at(self, positions: Iterable[int]) -> Iterator[Recorded]:
        """The events at these ascending positions; consecutive ones are read together.

        Raises ``UnreadableEvent`` and ``GapInLog``.
        """
        for first, length in _runs(positions):
            yield from decode_page(self._log.read(first - 1, length), first - 1)

    def event(self, event_id: str) -> Recorded | None:
        """The event with that id; None if this workspace has no such event."""
        command_id, _, index = event_id.removeprefix(f"{self.workspace}:").rpartition(".")
        envelope = self._log.envelope(self.workspace, command_id)
        if envelope is None or not index.isdecimal() or int(index) >= envelope.event_count:
            return None
        (found,) = self.at([envelope.first_position + int(index)])
        return found

    def cause(self, recorded: Recorded) -> Recorded | None:
        """The event that caused this one's command; None if somebody asked for the command."""
        causation_id = recorded.envelope.causation_id
        return self.event(causation_id) if causation_id else None

    def causes(self, recorded: Recorded) -> list[Recorded]:
        """The chain of causes, from the first event down to this one, both included."""
        chain = [recorded]
        while (cause := self.cause(chain[-1])) is not None:
            chain.append(cause)
        return chain[::-1]

    def later(self, recorded: Recorded) -> list[Recorded]:
        """The first event of each command that a timer triggered because of this event."""
        subject = _watched_over(recorded.event)
        if subject is None:
            return []
        first: dict[str, Recorded] = {}
        for each in self.of(subject):
            if each.envelope.causation_id == recorded.event_id and each.envelope.actor == "clock":
                first.setdefault(each.envelope.command_id, each)
        return list(self.at(each.envelope.first_position for each in first.values()))

    def commands_caused_by(self, envelope: Envelope) -> Iterator[Recorded]:
        """The first event of each command that this command's events caused at once, in order.

        Reactions are decided before anything else, so they follow directly in the log. Commands
        that a timer triggered later are not included.
        """
        seen = {envelope.command_id: envelope}
        position = envelope.last_position + 1
        while found := list(decode_page(self._log.read(position - 1, 1), position - 1)):
            (first,) = found
            if _parent(first.envelope, seen) is None:
                return
            yield first
            seen[first.envelope.command_id] = first.envelope
            position = first.envelope.last_position + 1


def _parent(envelope: Envelope, among: dict[str, Envelope]) -> Envelope | None:
    if envelope.causation_id is None or not envelope.actor.startswith("processor:"):
        return None
    command_id = envelope.causation_id.removeprefix(f"{envelope.workspace}:").rpartition(".")[0]
    return among.get(command_id)


def _watched_over(event: Event) -> Subject | None:
    """The subject of the timer that an event sets, if it sets one."""
    match event:
        case GracePeriodStarted():
            return of_campaign(event.campaign_id)
        case AutoReplyReceived():
            return of_recipient(event.campaign_id, event.recipient_id)
        case ConnectionFailed() | AccountDisconnected():
            return of_account(event.account_id)
        case _:
            return None


def _runs(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First position and length of each stretch of consecutive positions."""
    first, length = 0, 0
    for position in positions:
        if length and position == first + length:
            length += 1
            continue
        if length:
            yield first, length
        first, length = position, 1
    if length:
        yield first, length
