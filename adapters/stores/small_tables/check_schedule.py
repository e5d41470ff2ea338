"""The schedule of background checks beside a store's log.

While a check is leased its row's ``due_at`` is the end of the lease: nobody has to look for leases
that ran out. Whoever writes several rows does so in the order of their keys, and waits for nobody
in a circle.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

from adapters.stores.small_tables.small_table import Row, SmallTable, TableStore, moment
from engine.ports.check_schedule import Overdue, ScheduledCheck


class StoredCheckSchedule:
    """Implements ``CheckSchedule``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        if not workspace:
            return _checks(self._table.rows("all_rows"))
        rows = (self._table.rows("rows_of", workspace=each) for each in sorted(workspace))
        return [check for found in rows for check in _checks(found)]

    def row(self, workspace: str, account_id: str) -> ScheduledCheck | None:
        found = self._table.rows("row", workspace=workspace, account_id=account_id)
        return next(iter(_checks(found)), None)

    def overdue(self) -> Overdue:
        checks, since = self._table.row("overdue", now=self._table.store.now()) or (0, None)
        return Overdue(checks, _moment(since))

    def add(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("add", checks)

    def remove(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("remove", checks)

    def lease(
        self, most: int, lease: str, time: timedelta, *, without: Collection[str], untried: bool
    ) -> Sequence[ScheduledCheck]:
        """Keeps nobody from writing where nothing is due."""
        now = self._table.store.now()
        if not self._table.row("any_due", now=now):
            return []
        asked = {"now": now, "without": [*without], "untried": untried, "most": most}
        with self._table.changing() as change:
            found = _checks(change.rows("due", **asked))
            taken = [each._replace(lease=lease) for each in found]
            change.each("take", [each._asdict() | {"until": now + time} for each in taken])
        return taken

    def settle(self, checks: Iterable[ScheduledCheck]) -> None:
        self._each("settle", checks)

    def _each(self, name: str, checks: Iterable[ScheduledCheck]) -> None:
        rows = [each._asdict() for each in sorted(checks, key=KEY)]
        if rows:
            with self._table.changing() as change:
                change.each(name, rows)


KEY = attrgetter("key")


def _checks(rows: Iterable[Row]) -> list[ScheduledCheck]:
    found = map(ScheduledCheck._make, rows)
    return [
        each._replace(due_at=moment(each.due_at), checked_at=_moment(each.checked_at))
        for each in found
    ]


def _moment(stored: Any) -> datetime | None:
    return None if stored is None else moment(stored)
