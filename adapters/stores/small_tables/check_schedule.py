"""The schedule of background checks beside a store's log.

While a check is leased its row's ``due_at`` is the end of the lease: nobody has to look for leases
that ran out. Whoever writes several rows does so in the order of their keys, and waits for nobody
in a circle.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from operator import attrgetter

from adapters.stores.small_tables.small_table import StoredTable
from engine.ports.check_schedule import Overdue, ScheduledCheck


class StoredCheckSchedule(StoredTable):
    """Implements ``CheckSchedule``."""

    MICROS = False

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        if not workspace:
            return self._table.records("all_rows", ScheduledCheck)
        pages = (
            self._table.records("rows_of", ScheduledCheck, workspace=each)
            for each in sorted(workspace)
        )
        return [check for page in pages for check in page]

    def row(self, workspace: str, account_id: str) -> ScheduledCheck | None:
        asked = {"workspace": workspace, "account_id": account_id}
        return self._table.record("row", ScheduledCheck, **asked)

    def overdue(self) -> Overdue:
        found = self._table.record("overdue", Overdue, now=self._table.store.now())
        return found or Overdue(0, None)

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
            found = change.records("due", ScheduledCheck, **asked)
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
