"""The embedded default store: one file, no server."""

from adapters.sqlite.store import SQLiteStore
from adapters.sqlite.views import SQLiteViews

__all__ = ["SQLiteStore", "SQLiteViews"]
