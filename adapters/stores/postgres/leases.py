"""Which worker settles which workspace, and which workspaces cannot be settled.

A lease keeps two workers from the same work; it guards nothing: whoever settles does so under the
workspace's lock, so a lease that ran out too early costs time and no more. Its time is the
database's. A workspace that failed again and again is parked: never deleted, never forgotten, taken
up again when an operator asks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.stores.named_sql import statements
from adapters.stores.postgres.own_connection import WorkerConnection
from adapters.stores.postgres.store import PostgresStore
from engine.ports.coordination import Leased

SQL = statements(Path(__file__).with_suffix(".sql"))

LEASE = 60.0
"""Seconds after which the workspaces of a worker that died are given to another."""
MOST_FAILURES = 8
"""Failures in a row after which a workspace is parked: after some two minutes of trying."""
LONGEST_ERROR = 500


class Leases:
    """Of one worker. Leases go by the database's clock; what is due, by the store's."""

    def __init__(
        self,
        store: PostgresStore,
        worker: str,
        *,
        seconds: float = LEASE,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        self._store = store
        self._worker = worker
        self._seconds = seconds
        self._most_failures = most_failures
        self._own = WorkerConnection(store, "clocks", worker)

    def lease(self, most: int) -> Sequence[Leased]:
        """Workspaces with something due that nobody else settles now, the longest due first."""
        asked = (self._worker, most, self._seconds, self._store.told_now())
        return list(map(Leased._make, self._do("lease", asked)))

    def settled(self, workspaces: Sequence[str]) -> None:
        self._do("settled", (list(workspaces), self._worker))

    def failed(self, workspace: str, error: BaseException) -> bool:
        """It is tried again later: after a second, then twice as long each time. Parked now?"""
        values = {
            "workspace": workspace,
            "worker": self._worker,
            "error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
            "most": self._most_failures,
        }
        return any(parked for (parked,) in self._do("failed", values))

    def close(self) -> None:
        self._own.close()

    def _do(self, name: str, values: Any) -> list[Any]:
        with self._store.explained(), self._own.used() as connection:
            cursor = connection.execute(SQL[name], values)
            return cursor.fetchall() if cursor.description else []
