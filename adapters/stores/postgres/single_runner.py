"""One process at a time does a thing: whoever holds its lock, on a connection for that alone.

For what must not be done twice at once and does no harm when it is, as a letter delivered again
under the same name. What must never happen twice is guarded where it is recorded.
"""

import psycopg

from adapters.stores.postgres.errors import is_lost
from adapters.stores.postgres.own_connection import WorkerConnection
from adapters.stores.postgres.store import PostgresStore

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.sole.' || %s, 0))"
_ALIVE = "SELECT 1"


class SingleRunner:
    """Not to be shared between threads."""

    def __init__(self, store: PostgresStore, thing: str, worker: str) -> None:
        self._store, self._thing = store, thing
        self._own = WorkerConnection(store, thing, worker)
        self._held = False

    def held(self) -> bool:
        """Is it this process? Takes what is free; asks the server each time."""
        try:
            with self._own.used() as connection:
                statement, values = (_ALIVE, ()) if self._held else (_TAKE, (self._thing,))
                found = connection.execute(statement, values).fetchone()
                self._held = bool(found and found[0])
        except psycopg.Error as error:
            self._held = False
            if is_lost(error):
                self._store.drop_lost_connections()
        return self._held

    def close(self) -> None:
        """Let others do it."""
        self._held = False
        self._own.close()
