"""Does what a store derives from its log agree with the log? Yields a sentence for each difference.

The log itself is not judged here. Nothing is written, and workers may keep running.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from eventsourcing.persistence import StoredEvent

from engine.audit.workspace_times import time_of
from engine.decoding import decode_rows
from engine.gc_pause import gc_paused
from engine.indexes import PAGE, derive_indexes
from engine.ports.log import Row
from engine.ports.maintenance import earliest
from engine.ports.store import Store
from engine.ports.view_status import one_line
from engine.snapshots import thaw
from engine.streams import BY_SNAPSHOT
from events.vocabulary import instant_text
from processors.timers import Key, Timer

Timers = Mapping[tuple[str, Key], Timer]


def check_indexes(store: Store) -> Iterator[str]:
    """Check timers, roster, and when each workspace is next due.

    A past reminder may be missing: there was nothing to remind of. A clock that has to wait (C6)
    has a later timer than its event said.
    """
    try:
        found = store.indexes()
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        yield f"Timers cannot be read ({one_line(error)}): derive them anew."
        return
    derived = derive_indexes(store, found.position)
    stored = {(workspace, timer.key): timer for workspace, timer in found.timers}
    times = {workspace: time_of(store, workspace) for workspace, _ in {*stored, *derived.timers}}
    yield from _timers(stored, derived.timers, times)
    yield from _roster({*found.roster}, {*derived.roster})
    expected = earliest(found.timers)
    for workspace in sorted({*found.due, *expected}, key=str):
        there, right = found.due.get(workspace), expected.get(workspace)
        if there != right:
            yield f"Workspace {workspace} is next due {_at(there)}, by its timers {_at(right)}."


def check_snapshots(store: Store) -> Iterator[str]:
    """Check that every snapshot in the present format equals its stream, replayed up to its
    version."""
    known = (each for each in store.snapshots() if each.topic in BY_SNAPSHOT)
    snapshots = {str(each.originator_id): each for each in known}
    for stream, each in [*snapshots.items()]:
        if not isinstance(each.originator_version, int):
            yield f"The snapshot of {stream} has no number for a version."
            del snapshots[stream]
    with gc_paused():
        replayed = _replayed(store, snapshots)
    for stream, snapshot in snapshots.items():
        version, state = replayed[stream]
        if version < snapshot.originator_version:
            yield (
                f"The snapshot of {stream} is of version {snapshot.originator_version}; the "
                f"stream ends at {version}."
            )
        elif not _is(snapshot, state):
            yield f"The snapshot of {stream} is not what its events come to."


def _timers(stored: Timers, derived: Timers, times: Mapping[str, datetime]) -> Iterator[str]:
    for each in sorted({*stored, *derived}, key=str):
        there, right, now = stored.get(each), derived.get(each), times[each[0]]
        told = f"Timer {' '.join(map(str, each[1]))} of workspace {each[0]}"
        if right is None:
            yield f"{told} is set; by the log there is none."
        elif there is None:
            if right.due_at > now or not right.reminds:
                yield f"{told} is missing; by the log it is due {_at(right.due_at)}."
        elif there != right and not _waits(there, right, now):
            yield f"{told} is not as the log has it, due {_at(right.due_at)}."


def _waits(there: Timer, right: Timer, now: datetime) -> bool:
    """Whether the timer fell due and was put off (C6)."""
    return right.due_at <= now and there == right._replace(due_at=max(there.due_at, right.due_at))


def _roster(stored: set[tuple[str, str, str]], derived: set[tuple[str, str, str]]) -> Iterator[str]:
    for workspace, entry, campaign in sorted(stored ^ derived, key=str):
        is_there = (workspace, entry, campaign) in stored
        told = "has an entry too many" if is_there else "lacks an entry"
        yield f"The roster of workspace {workspace} {told}: {entry}, campaign {campaign}."


def _at(moment: datetime | None) -> str:
    return instant_text(moment) if moment else "never"


def _is(snapshot: StoredEvent, state: Any) -> bool:
    form = BY_SNAPSHOT[snapshot.topic].snapshots
    try:
        return form is not None and bool(thaw(form, snapshot) == state)
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def _replayed(store: Store, snapshots: Mapping[str, StoredEvent]) -> dict[str, tuple[int, Any]]:
    """The version and state of each stream at the snapshot's version, or at the stream's end."""
    types = {stream: BY_SNAPSHOT[each.topic] for stream, each in snapshots.items()}
    reached = {each: (0, type_.initial(each.split(":", 2)[-1])) for each, type_ in types.items()}
    position = 0
    while snapshots and (rows := store.read(position, PAGE).rows):
        position = rows[-1][0]
        page: dict[str, list[Row]] = {}
        for row in rows:
            if row[1] in snapshots and row[2] <= snapshots[row[1]].originator_version:
                page.setdefault(row[1], []).append(row)
        for stream, of_stream in page.items():
            state = types[stream].fold(reached[stream][1], decode_rows(of_stream))
            reached[stream] = of_stream[-1][2], state
    return reached
