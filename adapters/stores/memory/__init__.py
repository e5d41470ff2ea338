"""The store that forgets: for scenarios, tests and rehearsals. Passes the same contract suite."""

from adapters.stores.memory.store import MemoryStore
from adapters.stores.memory.views import MemoryViews

__all__ = ["MemoryStore", "MemoryViews"]
