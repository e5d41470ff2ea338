"""Timers and roster are indexes: they derive from the log, and can be rebuilt from it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from engine.decoding import decode_page
from engine.ports.store import Store
from events.base import Event
from events.recorded import Recorded
from processors import roster, timers
from processors.listening import listens_to
from processors.timers import Key, Timer

PAGE = 20_000
TIMING, ENROLLING = listens_to(timers.timers), listens_to(roster.entries)
INDEXED = TIMING | ENROLLING
"""The classes of events that change an index."""

_timers: Callable[..., Iterator[tuple[Key, datetime | None]]] = timers.timers
_entries: Callable[..., Iterator[roster.Entry]] = roster.entries


def timers_of(
    event: Event, event_id: str, correlation_id: str
) -> Iterator[tuple[Key, Timer | None]]:
    """The timers that the event changes: each key's timer from now on, None if it is cleared (S7,
    F2)."""
    if type(event) in TIMING:
        for key, due_at in _timers(event):
            yield key, Timer(due_at, key, event_id, correlation_id) if due_at else None


def entries_of(event: Event) -> Iterator[roster.Entry]:
    """The entries that the event adds to the roster."""
    return _entries(event) if type(event) in ENROLLING else iter(())


class Derived(NamedTuple):
    """Timers and roster, derived from the log."""

    timers: dict[tuple[str, Key], Timer]
    roster: dict[tuple[str, str, str], None]
    """Workspace, entry, campaign; in order of appearance."""

    def follow(self, recorded: Recorded) -> None:
        correlation_id = recorded.envelope.correlation_id
        for key, timer in timers_of(recorded.event, recorded.event_id, correlation_id):
            if timer is None:
                self.timers.pop((recorded.workspace, key), None)
            else:
                self.timers[recorded.workspace, key] = timer
        for entry in entries_of(recorded.event):
            self.roster[(recorded.workspace, *entry)] = None


def derive_indexes(store: Store, until: int | None = None) -> Derived:
    """Derive them from the whole log, or from the log up to that position."""
    derived = Derived({}, {})
    position = 0
    while until is None or position < until:
        limit = PAGE if until is None else min(PAGE, until - position)
        page = list(decode_page(store.read(position, limit), position))
        if not page:
            break
        for recorded in page:
            if type(recorded.event) in INDEXED:
                derived.follow(recorded)
        position = page[-1].position
    return derived


def rebuild_indexes(store: Store) -> int:
    """Derive timers and roster from the whole log and replace what the store has of them.

    Returns the number of timers. Stop every worker first: what is appended meanwhile may be left
    out. A timer that fired without effect comes back, and fires without effect once more.
    """
    derived = derive_indexes(store)
    store.replace_indexes(
        [(workspace, timer) for (workspace, _), timer in derived.timers.items()], derived.roster
    )
    return len(derived.timers)
