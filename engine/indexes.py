"""Timers and roster are indexes: they derive from the log, and can be made anew from it."""

from typing import NamedTuple

from engine.decoding import decode_page
from engine.ports.store import Store
from events.recorded import Recorded
from processors import roster, timers
from processors.timers import Key, Timer

PAGE = 20_000


class Derived(NamedTuple):
    """What the log says of timers and roster."""

    timers: dict[tuple[str, Key], Timer]
    roster: dict[tuple[str, str, str], None]
    """Workspace, entry, campaign; in order of appearance."""

    def follow(self, recorded: Recorded) -> None:
        for key, due_at in timers.timers(recorded.event):
            if due_at is None:
                self.timers.pop((recorded.workspace, key), None)
            else:
                cause = recorded.event_id, recorded.envelope.correlation_id
                self.timers[recorded.workspace, key] = Timer(due_at, key, *cause)
        for entry in roster.entries(recorded.event):
            self.roster[(recorded.workspace, *entry)] = None


def derive_indexes(store: Store, until: int | None = None) -> Derived:
    """From the whole log, or what stands in it up to that position."""
    derived = Derived({}, {})
    position = 0
    while until is None or position < until:
        limit = PAGE if until is None else min(PAGE, until - position)
        page = list(decode_page(store.read(position, limit), position))
        if not page:
            break
        for recorded in page:
            derived.follow(recorded)
        position = page[-1].position
    return derived


def rebuild_indexes(store: Store) -> int:
    """Derive timers and roster from the whole log and replace what the store has of them.

    Answers how many timers there are. Stop every worker first: what is appended meanwhile may be
    left out. A timer that has fired in vain comes back and fires in vain once more.
    """
    derived = derive_indexes(store)
    store.replace_indexes(
        [(workspace, timer) for (workspace, _), timer in derived.timers.items()], derived.roster
    )
    return len(derived.timers)
