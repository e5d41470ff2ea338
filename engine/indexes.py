"""Timers and roster are indexes: they derive from the log, and can be made anew from it."""

from engine.decoding import decode_page
from engine.store import Store
from events.recorded import Recorded
from processors import roster, timers
from processors.timers import Key, Timer

PAGE = 20_000


def rebuild_indexes(store: Store) -> int:
    """Derive timers and roster from the whole log and replace what the store has of them.

    Answers how many timers there are. Stop every worker first: what is appended meanwhile may be
    left out. A timer that has fired in vain comes back and fires in vain once more.
    """
    set_now: dict[tuple[str, Key], Timer] = {}
    enrolled: dict[tuple[str, str, str], None] = {}
    position = 0
    while page := list(decode_page(store.read(position, PAGE), position)):
        for recorded in page:
            _follow(recorded, set_now)
            for entry in roster.entries(recorded.event):
                enrolled[(recorded.workspace, *entry)] = None
        position = page[-1].position
    store.replace_indexes(
        [(workspace, timer) for (workspace, _), timer in set_now.items()], enrolled
    )
    return len(set_now)


def _follow(recorded: Recorded, set_now: dict[tuple[str, Key], Timer]) -> None:
    for key, due_at in timers.timers(recorded.event):
        if due_at is None:
            set_now.pop((recorded.workspace, key), None)
        else:
            cause = recorded.event_id, recorded.envelope.correlation_id
            set_now[recorded.workspace, key] = Timer(due_at, key, *cause)
