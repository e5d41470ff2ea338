"""The store that forgets: for scenarios, tests and rehearsals. Passes the same contract suite."""

from adapters.memory.store import MemoryStore
from adapters.memory.views import MemoryViews

__all__ = ["MemoryStore", "MemoryViews"]
