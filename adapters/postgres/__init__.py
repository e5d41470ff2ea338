"""The production store: PostgreSQL, with any number of workers on it."""

from adapters.postgres.store import PostgresStore
from adapters.postgres.views import PostgresViews

__all__ = ["PostgresStore", "PostgresViews"]
