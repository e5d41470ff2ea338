"""The feed: a store's events after a place, as CloudEvents, in order of position, without gaps."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from engine.fence import Fence, StoreIsFenced
from engine.gc_pause import gc_paused
from engine.ports.log import Entry, Generation, Log, StoreIdentity
from engine.stream.structured import Structured
from events.errors import ExplainedError

PLACE = re.compile(r"(?:([^.:]{1,64})\.([0-9]{1,9}):)?([0-9]{1,18})", re.ASCII)
MOST_OCTETS = 16 * 1024 * 1024
"""The size at which a page ends; its last event may exceed it."""
AT_ONCE = 2_500
"""Entries that are read at a time; a page may exceed ``MOST_OCTETS`` by as many."""
MOST_ENDS = 1_000
"""The most positions at which pages ended whose entries are remembered."""


class FeedError(ExplainedError):
    """The feed cannot be read from that place; the text says why and what to do next."""


class NotAPlace(FeedError):
    sentence = "{given} is no place in the feed. Give a position or the id of an event."


class PlaceOfAnotherStore(FeedError):
    sentence = (
        "The place {given} belongs to another store, or to a generation that was lost with a "
        "restore; this store is {store}. Undo what you took of the other, and read from position 0."
    )


class AheadOfLog(FeedError):
    sentence = (
        "Position {position} is after the end of the log, {last}: the store was brought back from "
        "a backup and lacks what you were told. Have it recovered from a copy; if that part stays "
        "lost, undo what you took after position {last} and read on from there."
    )


class HistoryLost(FeedError):
    sentence = (
        "The store was brought back from a backup: what generation {generation} told after "
        "position {last} is lost. Undo what you took of it and read on after position {last}."
    )


class FeedPage(NamedTuple):
    """Consecutive events after a position, without those of workspaces that were not asked for."""

    store: StoreIdentity
    """The store and generation of every event in it: a page ends where a generation does."""
    last: int
    """The position up to which the log was read."""
    positions: Sequence[int]
    events: Sequence[bytes]

    @property
    def place(self) -> str:
        """The place from which to read on; it includes the generation, so that a restore is
        noticed."""
        return f"{self.store.store_id}.{self.store.generation}:{self.last}"


class Feed:
    """The feed of one store. May be called from any thread; every method may raise ``StoreError``,
    and ``StoreIsFenced`` while the store may lack events that it published (M6)."""

    def __init__(self, log: Log, fence: Fence) -> None:
        self._log = log
        self._fence = fence
        self._lock = Lock()
        self._ends: dict[int, int] = {}
        """By position, the last entry known to come before the next event."""

    def last_position(self) -> int:
        return self._log.last_position()

    def position(self, given: str) -> int:
        """The position of a place, given as a position or as the id of an event, which includes its
        store and generation.

        Raises ``FeedError``.
        """
        self._require_open()
        found = PLACE.fullmatch(given)
        if found is None:
            raise NotAPlace(given=repr(given[:100]))
        store_id, generation, position = found[1], found[2], int(found[3])
        if store_id is not None:
            self._require_known(given, store_id, int(generation), position)
        self._require_within(position)
        return position

    def read(self, after: int, until: int, workspace: str | None = None) -> FeedPage:
        """The events at the positions after ``after`` up to ``until``; fewer at the log's end, at
        the end of a generation, and when they exceed ``MOST_OCTETS``.

        Raises ``AheadOfLog``, and ``CorruptEvent`` for an event that cannot be encoded.
        """
        self._require_open()
        generations = self._log.generations()
        entry = self._ends.get(after)
        if entry is None:
            self._require_within(after)
            entry = entry_of(self._log, after)
        number, until = _stretch(generations, after, until)
        store = StoreIdentity(self._log.identity.store_id, number)
        page = _Page(Structured(store), workspace, after, until)
        with gc_paused():
            entry = self._fill(page, entry)
        if page.last == after:
            self._require_within(after)
        self._log.reach_disk()
        self._remember(page.last, entry)
        return FeedPage(store, page.last, page.positions, page.events)

    def _fill(self, page: "_Page", entry: int) -> int:
        while not page.full:
            entries = self._log.entries(entry, min(page.until - page.last, AT_ONCE))
            if not entries:
                break
            entry = page.take(entries)
        return entry

    def _remember(self, position: int, entry: int) -> None:
        with self._lock:
            if len(self._ends) >= MOST_ENDS:
                self._ends.clear()
            self._ends[position] = entry

    def _require_open(self) -> None:
        reason = self._fence.closed()
        if reason is not None:
            raise StoreIsFenced(reason=reason)

    def _require_within(self, position: int) -> None:
        last = self._log.last_position()
        if position > last:
            raise AheadOfLog(position=position, last=last)

    def _require_known(self, given: str, store_id: str, generation: int, position: int) -> None:
        own, generations = self._log.identity.store_id, self._log.generations()
        if store_id != own or generation > generations[-1].number:
            raise PlaceOfAnotherStore(given=given, store=own)
        later = [each for each in generations if each.number > generation]
        if later and position >= later[0].first_position:
            raise HistoryLost(generation=generation, last=later[0].first_position - 1)


class _Page:
    """A page that is being read."""

    def __init__(
        self, structured: Structured, workspace: str | None, after: int, until: int
    ) -> None:
        self._structured = structured
        self._workspace = workspace
        self._octets = 0
        self.last, self.until = after, until
        self.positions: list[int] = []
        self.events: list[bytes] = []

    @property
    def full(self) -> bool:
        return self.last >= self.until or self._octets >= MOST_OCTETS

    def take(self, entries: Sequence[Entry]) -> int:
        """Take in the entries; return the number of the last one."""
        told = [each for each in entries if each.row is not None]
        if told:
            self.last = _position(told[-1])
        if self._workspace is not None:
            told = [each for each in told if each.envelope.workspace == self._workspace]
        events = self._structured.encoded(told)
        self._octets += sum(map(len, events))
        self.positions += map(_position, told)
        self.events += events
        return entries[-1].number


def _position(entry: Entry) -> int:
    """The position of an event; for an envelope without events, that of the last event before
    it."""
    _, envelope, row = entry
    return envelope.first_position - 1 if row is None else row[0]


def _stretch(generations: Sequence[Generation], after: int, until: int) -> tuple[int, int]:
    """The generation of the next event, and the position up to which it goes."""
    number = max(each.number for each in generations if each.first_position <= after + 1)
    ends = [each.first_position - 1 for each in generations if each.number > number]
    return number, min(until, *ends) if ends else until


def entry_of(log: Log, position: int) -> int:
    """The number of the entry of the event at that position; -1 for the beginning of the log."""
    if position == 0:
        return -1
    later = log.last_position() - position  # asked first: the log may grow in between
    last = log.last_entry() - later
    between = range(position - 1, last + 1)
    found = bisect_left(
        between, position, key=lambda entry: _position(log.entries(entry - 1, 1)[0])
    )
    return between[found]
