"""The embedded default store: one file, no server."""

from adapters.stores.sqlite.store import SQLiteStore
from adapters.stores.sqlite.views import SQLiteViews

__all__ = ["SQLiteStore", "SQLiteViews"]
