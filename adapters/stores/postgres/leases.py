"""Which worker settles which workspace, and which workspaces cannot be settled.

A lease keeps two workers from the same work; it guards nothing: whoever settles does so under the
workspace's lock, so a lease that ran out too early costs time and no more. Its time is the
database's. A workspace that failed again and again is parked: never deleted, never forgotten, taken
up again when an operator asks.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from adapters.stores.named_sql import statements
from adapters.stores.postgres.store import PostgresStore
from engine.ports.clock import Clock

SQL = statements(Path(__file__).with_suffix(".sql"))

LEASE = 60.0
"""Seconds after which the workspaces of a worker that died are given to another."""
MOST_FAILURES = 8
"""Failures in a row after which a workspace is parked: after some two minutes of trying."""
LONGEST_ERROR = 500


class Leased(NamedTuple):
    workspace: str
    events: int
    """How many the workspace has: what settling it may cost."""


class Parked(NamedTuple):
    workspace: str
    failures: int
    error: str
    failed_at: datetime
    parked_at: datetime


class Overdue(NamedTuple):
    """Workspaces in which something was due before a moment, parked ones left out."""

    workspaces: int
    since: datetime | None


class Leases:
    """``clock`` tells what is due where time is told; leases themselves go by the database's."""

    def __init__(
        self,
        store: PostgresStore,
        worker: str,
        clock: Clock | None = None,
        *,
        seconds: float = LEASE,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        self._store = store
        self._worker = worker
        self._clock = clock
        self._seconds = seconds
        self._most_failures = most_failures

    def lease(self, most: int) -> Sequence[Leased]:
        """Workspaces with something due that nobody else settles now, the longest due first."""
        told_now = self._clock() if self._clock is not None else None
        with self._store.explained(), self._store.reading() as cursor:
            cursor.execute(SQL["lease"], (self._worker, most, self._seconds, told_now))
            return list(map(Leased._make, cursor.fetchall()))

    def settled(self, workspaces: Sequence[str]) -> None:
        with self._store.explained(), self._store.reading() as cursor:
            cursor.execute(SQL["settled"], (list(workspaces), self._worker))

    def failed(self, workspace: str, error: BaseException) -> bool:
        """It is tried again later: after a second, then twice as long each time. Parked now?"""
        values = {
            "workspace": workspace,
            "worker": self._worker,
            "error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
            "most": self._most_failures,
        }
        with self._store.explained(), self._store.reading() as cursor:
            found = cursor.execute(SQL["failed"], values).fetchone()
        return bool(found and found[0])


def parked(store: PostgresStore) -> Sequence[Parked]:
    """Workspaces that nobody tries to settle any more, the oldest first."""
    with store.explained(), store.reading() as cursor:
        return list(map(Parked._make, cursor.execute(SQL["parked"]).fetchall()))


def unpark(store: PostgresStore, workspace: str) -> bool:
    """Have it tried again. False for one that is not parked."""
    with store.explained(), store.reading() as cursor:
        return cursor.execute(SQL["unpark"], (workspace,)).rowcount == 1


def overdue(store: PostgresStore, before: datetime) -> Overdue:
    with store.explained(), store.reading() as cursor:
        found = cursor.execute(SQL["overdue"], (before,)).fetchone()
    assert found is not None
    return Overdue(*found)
