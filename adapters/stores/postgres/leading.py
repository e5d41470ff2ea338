"""One leader for each projection: whoever holds its lock, on a connection that does nothing else.

The lock goes with the connection, so a process that dies leaves what it led to the others at once.
One that lives on may notice late that its connection is gone; what keeps it from writing then is
the epoch, which the next leader raises and every save asks for.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection

from adapters.stores.postgres.errors import is_lost
from adapters.stores.postgres.own_connection import WorkerConnection
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.view_status import SQL, by_name
from projections.projection import Projection


class Leader:
    """``worker`` is the process's name, as operators are shown it. Not for several threads."""

    def __init__(self, store: PostgresStore, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._own = WorkerConnection(store, "projections", worker)
        self._epochs: dict[str, int] = {}

    def lead(self, projections: Sequence[Projection]) -> dict[Projection, int]:
        """Those of them that this process leads now, each with its epoch; others are let go.

        Takes what is free. Ask before every round: it is here that a lost connection is noticed,
        and then it leads nothing until it is asked again. Raises ``StoreError`` when the server
        answers and refuses.
        """
        named = by_name(projections)
        with self._store.explained():
            try:
                with self._own.used() as connection:
                    self._hold(connection, named)
            except psycopg.Error as error:
                self._epochs.clear()
                if not is_lost(error):
                    raise
                self._store.drop_lost_connections()
        return {named[name]: epoch for name, epoch in self._epochs.items()}

    def _hold(self, connection: Connection[Any], wanted: Mapping[str, Projection]) -> None:
        unwanted = [name for name in self._epochs if name not in wanted]
        if unwanted:
            connection.execute(SQL["release"], (unwanted,))
            for name in unwanted:
                del self._epochs[name]
        more = [name for name in wanted if name not in self._epochs]
        free = [row[0] for row in connection.execute(SQL["lead"], (more,))]
        if free:
            begun = connection.execute(SQL["begin_epoch"], (self._worker, free))
            self._epochs.update(begun.fetchall())

    def close(self) -> None:
        """Lead nothing any more; others may take over at once."""
        if self._own.there:
            with suppress(psycopg.Error), self._own.used() as connection:
                connection.execute(SQL["release"], (list(self._epochs),))
        self._epochs.clear()
        self._own.close()
