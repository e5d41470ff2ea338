"""The schedule of background checks in memory."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from itertools import islice
from threading import RLock

from engine.ports.check_schedule import Overdue, ScheduledCheck
from engine.ports.clock import Clock


class MemoryCheckSchedule:
    """Implements ``CheckSchedule``; gone with the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = RLock()
        self._rows: dict[tuple[str, str], ScheduledCheck] = {}

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        with self._lock:
            found = sorted(self._rows.values(), key=lambda each: each.key)
        return [each for each in found if not workspace or each.workspace in workspace]

    def row(self, workspace: str, account_id: str) -> ScheduledCheck | None:
        return self._rows.get((workspace, account_id))

    def overdue(self) -> Overdue:
        now = self._clock()
        due = [each.due_at for each in self.rows() if each.due_at <= now]
        return Overdue(len(due), min(due, default=None))

    def add(self, checks: Iterable[ScheduledCheck]) -> None:
        with self._lock:
            for each in checks:
                self._rows.setdefault(each.key, each)

    def remove(self, checks: Iterable[ScheduledCheck]) -> None:
        with self._lock:
            for each in checks:
                self._rows.pop(each.key, None)

    def lease(
        self, most: int, lease: str, time: timedelta, *, without: Collection[str], untried: bool
    ) -> Sequence[ScheduledCheck]:
        now = self._clock()
        with self._lock:
            by_time = sorted(self._rows.values(), key=lambda each: each.due_at)
            due = (
                each._replace(lease=lease)
                for each in by_time
                if each.due_at <= now
                and each.server not in without
                and not (untried and each.tries)
            )
            taken = list(islice(due, most))
            self._rows |= {each.key: each._replace(due_at=now + time) for each in taken}
            return taken

    def settle(self, checks: Iterable[ScheduledCheck]) -> None:
        with self._lock:
            for each in checks:
                found = self._rows.get(each.key)
                if found is not None and found.lease == each.lease:
                    self._rows[each.key] = each._replace(lease="")
