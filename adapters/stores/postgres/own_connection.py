"""A connection of its own, for what lasts as long as a connection: a lock, or listening."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo

from adapters.stores.postgres.datastore import KEEPALIVE, parameters

if TYPE_CHECKING:
    from adapters.stores.postgres.store import PostgresStore

DEFAULTS: dict[str, str | int] = {**KEEPALIVE, "connect_timeout": 5, "tcp_user_timeout": 20_000}
"""Seconds to wait for the server, and milliseconds after which a silent one is given up."""

_BE_SEEN = "SELECT pg_advisory_lock_shared(hashtextextended(current_schema() || '.workers', 0))"


def own_connection(store: "PostgresStore", purpose: str) -> Connection[Any]:
    """Outside of the store's pool; its ``application_name`` tells what it is for.

    Each statement is a transaction of its own. Raises ``psycopg.Error``.
    """
    given = {**DEFAULTS, **parameters(store.url)}
    conninfo = make_conninfo("", **{**given, "application_name": f"sendledger {purpose}"})
    connection = psycopg.connect(conninfo, autocommit=True)
    settings = "SELECT set_config('lock_timeout', %s, false), set_config('TimeZone', 'UTC', false)"
    connection.execute(settings, (f"{store.datastore.lock_timeout}s",))
    return connection


class WorkerConnection:
    """That of one worker in one role: while it lasts, others see the worker as alive.

    Made when it is first used, and made anew after it was lost. Not for several threads.
    """

    def __init__(self, store: "PostgresStore", role: str, worker: str) -> None:
        self._store = store
        self._purpose = f"{role} {worker}"
        self._connection: Connection[Any] | None = None

    @property
    def there(self) -> bool:
        return self._connection is not None

    @contextmanager
    def used(self) -> Iterator[Connection[Any]]:
        """Raises ``psycopg.Error``; then it is gone, and with it all that was held by it."""
        try:
            if self._connection is None:
                self._connection = own_connection(self._store, self._purpose)
                self._connection.execute(_BE_SEEN)
            yield self._connection
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
