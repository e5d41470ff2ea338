"""How late it is in each workspace, where time never goes back even if the store's clock does."""

from collections.abc import Iterator
from datetime import datetime

from engine.ports.errors import StoreError
from engine.ports.store import Store
from events.vocabulary import instant_text


def time_of(store: Store, workspace: str) -> datetime:
    """That of the store's clock, unless something later is noted of the workspace."""
    try:
        with store.look(workspace) as found:
            return found.now
    except (StoreError, ValueError, TypeError, ArithmeticError):
        return store.now()  # what is noted cannot be read, which ``check_entries`` tells


def notes_on_times(store: Store) -> Iterator[str]:
    """Workspaces whose time is ahead of the clock: by that alone nobody can tell a clock that was
    set back from a note that was changed."""
    for workspace in store.workspaces():
        then = time_of(store, workspace)
        if then > (now := store.now()):
            yield (
                f"In workspace {workspace} it is {instant_text(then)}, by the store's clock "
                f"{instant_text(now)}: time stands still there until then. Was the clock set back?"
            )
