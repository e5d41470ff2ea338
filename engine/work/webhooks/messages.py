"""Entries of the log as messages to an endpoint: CloudEvents in JSON, with the stream's ids."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from engine.ports.log import Entry, Log, StoreIdentity
from engine.stream.structured import Structured
from engine.work.webhooks.endpoint import Endpoint, NoSuchPosition

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
POSITION = "sendledger-position"
"""The header with the event's position; likewise the attribute ``sequence``."""


class Message(NamedTuple):
    id: str
    entry: int
    position: int
    body: bytes


class Messages:
    """The messages of one store, each under the generation in which its entry was recorded. For one
    thread."""

    def __init__(self, log: Log) -> None:
        self._store_id = log.identity.store_id
        self._begin = [(each.first_entry, each.number) for each in log.generations()]
        self._structured: dict[int, Structured] = {}

    def of(self, entry: Entry) -> Message:
        """The entry's message. Raises ``CorruptEvent``."""
        assert entry.row is not None
        generation = max(number for first, number in self._begin if first <= entry.number)
        if generation not in self._structured:
            self._structured[generation] = Structured(StoreIdentity(self._store_id, generation))
        position = entry.row[0]
        message_id = f"{self._store_id}.{generation}:{position}"
        (body,) = self._structured[generation].encoded([entry])
        return Message(message_id, entry.number, position, body)


def wanted(endpoint: Endpoint, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The entries that the endpoint gets, in order, by workspace."""
    types = {*endpoint.types}
    found: dict[str, list[Entry]] = {}
    for envelope, few in groupby(entries, attrgetter("envelope")):
        if endpoint.workspace in {None, envelope.workspace}:
            got = [each for each in few if each.row and (not types or _name(each) in types)]
            if got:
                found.setdefault(envelope.workspace, []).extend(got)
    return found


def _name(entry: Entry) -> str:
    assert entry.row is not None
    return entry.row[3].partition("/")[0]


def entry_before(log: Log, position: int) -> int:
    """The entry after which the event at that position, which may be the one still to come, is the
    next event.

    Raises ``NoSuchPosition``.
    """
    last, low, high = log.last_position(), position - 1, log.last_entry()
    if not 1 <= position <= last + 1:
        raise NoSuchPosition(position=position, last=last)
    if position > last:
        return high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _position(log, middle) < position else (low, middle)
    return low - 1


def position_at(log: Log, entry: int) -> int:
    """The position of the last event up to that entry; 0 if there is none."""
    if entry < 0:
        return 0
    (found,) = log.entries(entry - 1, 1)
    return found.row[0] if found.row else found.envelope.first_position - 1


def _position(log: Log, entry: int) -> int:
    """The position of the event, or of the next one after an envelope without events."""
    (found,) = log.entries(entry - 1, 1)
    return found.row[0] if found.row else found.envelope.first_position
