"""Coordination where one process alone works on a store: nobody to divide anything with."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from threading import Event, Lock
from time import monotonic

from engine.ports.coordination import Alarm, Leased, Led, LiveWorker, Membership, Overdue, Parked
from engine.ports.errors import StillHeld
from engine.ports.store import Store
from engine.ports.views import Views
from projections.projection import Projection

LONGEST_PAUSE = 300.0
"""Seconds between two attempts to settle a workspace that fails again and again."""


class OneProcess:
    """Nothing is ever parked: the one worker tries every workspace again, more and more seldom."""

    def __init__(self, store: Store, views: Views) -> None:
        self._store = store
        self._views = views
        self._worker: LiveWorker | None = None
        self._locks = defaultdict[str, Lock](Lock)
        self._alarms: dict[str, Alarm] = {}

    @contextmanager
    def serving(self, worker: str, does: Sequence[str]) -> Iterator[Membership]:
        self._worker = LiveWorker(worker, tuple(does), datetime.now(UTC))
        try:
            yield OnlyMember(self._store, self._views)
        finally:
            self._worker = None

    def workers(self) -> Sequence[LiveWorker] | None:
        return [self._worker] if self._worker else []

    def overdue(self, before: datetime) -> Overdue:
        since = self._store.next_due()
        if since is None or since >= before:
            return Overdue(0, None)
        return Overdue(len(self._store.due_workspaces(before)), since)

    def parked(self) -> Sequence[Parked]:
        return []

    def unpark(self, workspace: str) -> bool:  # noqa: ARG002 nothing is parked
        return False

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]:
        return _held(self._locks[name], name, patience)

    def alarm(self, about: str, text: str) -> bool:
        given = Alarm(about, text, self._store.now())
        return self._alarms.setdefault(about, given) is given

    def calm(self, about: str) -> None:
        self._alarms.pop(about, None)

    def alarms(self) -> Sequence[Alarm]:
        return list(self._alarms.values())


class OnlyMember:
    """Leases and leads whatever it asks for."""

    def __init__(self, store: Store, views: Views) -> None:
        self._store = store
        self._views = views
        self._led = Led((), views)
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._woken = Event()

    def lease(self, most: int) -> Sequence[Leased]:
        now = monotonic()
        due = self._store.due_workspaces(self._store.now())
        ready = (each for each in due if self._not_before.get(each, now) <= now)
        return [Leased(each, None) for each, _ in zip(ready, range(most), strict=False)]

    def settled(self, workspaces: Sequence[str]) -> None:
        for each in workspaces:
            self._failures.pop(each, None)
            self._not_before.pop(each, None)

    def failed(self, workspace: str, error: BaseException) -> bool:  # noqa: ARG002 nobody asks
        before = self._failures.get(workspace, 0)
        self._failures[workspace] = before + 1
        self._not_before[workspace] = monotonic() + min(2.0**before, LONGEST_PAUSE)
        return False

    def lead(self, projections: Sequence[Projection]) -> Led:
        if tuple(projections) != self._led.projections:
            self._led = Led(tuple(projections), self._views)
        return self._led

    def let_go(self) -> None:
        self._led = Led((), self._views)

    def alone_in(self, thing: str) -> bool:  # noqa: ARG002 in everything
        return True

    def wait(self, poll: float) -> None:
        self._woken.wait(poll)

    def wake(self) -> None:
        self._woken.set()


@contextmanager
def _held(lock: Lock, name: str, patience: float) -> Iterator[None]:
    if not lock.acquire(timeout=patience):
        raise StillHeld(name=name, patience=patience)
    try:
        yield
    finally:
        lock.release()
