"""The schedule of background checks beside a store's log, whatever the product.

A product brings its statements, by these names, and how values stand in it. While a check is leased
its row's ``due_at`` is the end of the lease: nobody has to look for leases that ran out.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.stores.directory import DirectoryStore
from engine.ports.check_schedule import Overdue, ScheduledCheck


class StoredCheckSchedule(ABC):
    """Implements ``CheckSchedule`` in a table of its own."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        if not workspace:
            return self._found("all_rows")
        return [row for each in sorted(workspace) for row in self._found("rows_of", each)]

    def row(self, workspace: str, account_id: str) -> ScheduledCheck | None:
        return next(iter(self._found("row", workspace, account_id)), None)

    def overdue(self) -> Overdue:
        now = self._stored(self._store.now())
        with self._store.explained(), self._store.reading() as c:
            checks, since = c.execute(self.SQL["overdue"], (now,)).fetchone()
        return Overdue(checks, None if since is None else self._moment(since))

    def add(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("add", [self._added(each) for each in sorted(checks, key=_key)])

    def remove(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("remove", sorted(each.key for each in checks))

    def lease(
        self, most: int, lease: str, time: timedelta, *, without: Collection[str], untried: bool
    ) -> Sequence[ScheduledCheck]:
        now = self._store.now()
        values = {
            "now": self._stored(now),
            "until": self._stored(now + time),
            "lease": lease,
            "most": most,
            "without": self._listed(without),
            "untried": untried,
        }
        with self._store.explained():
            found = map(self._row, self._take(values))
        return sorted(found, key=lambda each: each.due_at)

    def settle(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("settle", [self._settled(each) for each in sorted(checks, key=_key)])

    @abstractmethod
    def _take(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Lease rows that are due; answers them as they were, but for the lease."""

    @abstractmethod
    def _stored(self, moment: datetime) -> Any: ...

    @abstractmethod
    def _moment(self, stored: Any) -> datetime: ...

    @abstractmethod
    def _listed(self, values: Collection[str]) -> Any: ...

    def _added(self, check: ScheduledCheck) -> Sequence[Any]:
        return (*check.key, self._stored(check.due_at), check.credentials, check.server)

    def _settled(self, check: ScheduledCheck) -> Sequence[Any]:
        checked_at = None if check.checked_at is None else self._stored(check.checked_at)
        told = (check.credentials, check.server, check.tries, check.found)
        return (self._stored(check.due_at), *told, checked_at, *check.key, check.lease)

    def _each(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """In the order of their keys: whoever writes several waits for nobody in a circle."""
        if rows:
            with self._store.explained(), self._store.writing() as c:
                c.executemany(self.SQL[name], rows)

    def _found(self, name: str, *values: Any) -> Sequence[ScheduledCheck]:
        with self._store.explained(), self._store.reading() as c:
            return [self._row(each) for each in c.execute(self.SQL[name], values).fetchall()]

    def _row(self, values: Sequence[Any]) -> ScheduledCheck:
        row = ScheduledCheck(*values)
        checked_at = None if row.checked_at is None else self._moment(row.checked_at)
        return row._replace(due_at=self._moment(row.due_at), checked_at=checked_at)


def _key(check: ScheduledCheck) -> tuple[str, str]:
    return check.key
