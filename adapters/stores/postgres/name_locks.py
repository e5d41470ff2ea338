"""Locks of names on a server: each held by a connection of its own, and gone with it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from psycopg import Connection
from psycopg.errors import LockNotAvailable

from adapters.stores.postgres.own_connection import own_connection
from adapters.stores.postgres.store import PostgresStore
from engine.ports.errors import StillHeld

_PATIENCE = "SELECT set_config('lock_timeout', %s, false)"
_TAKE = "SELECT pg_advisory_lock(hashtextextended(current_schema() || '.named.' || %s, 0))"


@contextmanager
def name_lock(store: PostgresStore, name: str, patience: float) -> Iterator[None]:
    """Lost without notice where the connection is: it saves work and keeps order, and guards
    nothing that must never happen twice. Raises ``StillHeld``."""
    with store.explained():
        connection = own_connection(store, "lock")
    with closing(connection):
        with store.explained():
            _take(connection, name, patience)
        yield


def _take(connection: Connection[Any], name: str, patience: float) -> None:
    connection.execute(_PATIENCE, (f"{max(1, round(patience * 1000))}ms",))
    try:
        connection.execute(_TAKE, (name,))
    except LockNotAvailable:
        raise StillHeld(name=name, patience=patience) from None
