"""The next recipient of a campaign, by sender: an index made from the campaign's state.

Entries are hints. One that no longer fits the recipient's state is dropped when its turn comes, so
following the log only means adding an entry for a recipient's new place. Entries are ordered by due
time and id: the same state gives the same order, however it came about.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from heapq import heappop, heappush
from typing import NamedTuple

from aggregates.campaign import Campaign, Recipient
from aggregates.campaign.pace import due_at, finished_at
from aggregates.campaign.state import next_step
from events.vocabulary import AccountId, RecipientId

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Kind(Enum):
    FIRST = 1
    """Nothing has been received yet."""
    AGAIN = 2
    """Nothing has been received yet, and the message may leave from a certain moment on, for
    instance as another try."""
    LATER = 3
    """A follow-up."""
    END = 4
    """Nothing is left to send."""


class Place(NamedTuple):
    """Where a recipient waits. ``sender``: the account that is to send; None if any account, or the
    slot's, may."""

    kind: Kind
    sender: AccountId | None
    due: datetime | None
    """When the recipient is due; None for at once."""


def place_of(campaign: Campaign, recipient: Recipient) -> Place | None:
    """The recipient's place; None if nothing is to be sent to them now or later."""
    sequence = campaign.sequence
    if sequence is None or recipient.status.terminal or recipient.sending is not None:
        return None
    step = next_step(sequence, recipient.progress)
    if step is None:
        end = finished_at(sequence, recipient)
        return Place(Kind.END, recipient.sender, end) if end is not None else None
    if any(each.step and each.answer is None for each in recipient.unknown):
        return None
    moments = (due_at(recipient, step), recipient.progress.retry_at, recipient.held_until)
    due = max((each for each in moments if each is not None), default=None)
    first = Kind.FIRST if due is None else Kind.AGAIN
    return Place(Kind.LATER if recipient.emails else first, recipient.sender, due)


Head = tuple[datetime | None, RecipientId]
"""When the recipient is due (None for at once), and the recipient."""
Heap = list[tuple[datetime, RecipientId]]


class Agenda:
    """One campaign's recipients in order of their turn. Not safe to share between threads."""

    def __init__(self, campaign: Campaign) -> None:
        self._heaps: dict[tuple[Kind, AccountId | None], Heap] = {}
        self.follow(campaign, campaign.recipients)

    def follow(self, campaign: Campaign, recipients: Iterable[RecipientId]) -> None:
        """Find the new places of these recipients, to whom something has happened."""
        for recipient_id in recipients:
            place = place_of(campaign, campaign.recipients[recipient_id])
            if place is not None:
                heap = self._heaps.setdefault((place.kind, place.sender), [])
                heappush(heap, (_order(place.due), recipient_id))

    def head(self, campaign: Campaign, kind: Kind, sender: AccountId | None) -> Head | None:
        """The first recipient of that kind and sender."""
        heap = self._heaps.get((kind, sender), [])
        while heap:
            order, recipient_id = heap[0]
            place = place_of(campaign, campaign.recipients[recipient_id])
            if place and (place.kind, place.sender, _order(place.due)) == (kind, sender, order):
                return place.due, recipient_id
            heappop(heap)
        return None

    def postpone(self, kind: Kind, sender: AccountId | None) -> RecipientId:
        """Take the head out: ``follow`` brings it back."""
        heap = self._heaps[kind, sender]
        head = heappop(heap)
        while heap and heap[0] == head:
            heappop(heap)
        return head[1]

    def senders(self, kind: Kind) -> list[AccountId | None]:
        return [sender for found, sender in self._heaps if found is kind]


def _order(due: datetime | None) -> datetime:
    return due or LONG_AGO
