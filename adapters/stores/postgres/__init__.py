"""The production store: PostgreSQL, with any number of workers on it."""

from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.views import PostgresViews

__all__ = ["PostgresStore", "PostgresViews"]
