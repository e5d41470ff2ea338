"""Any number of workers on one schema: what they divide among them, and who is alive."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import datetime

from adapters.stores.postgres.leading import Leader
from adapters.stores.postgres.leases import SQL as LEASES
from adapters.stores.postgres.leases import Leases
from adapters.stores.postgres.listening import LONGEST_WAIT, Listener
from adapters.stores.postgres.name_locks import name_lock
from adapters.stores.postgres.single_runner import SingleRunner
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.views import PostgresViews
from adapters.stores.small_tables.alarms import StoredAlarms
from engine.ports.coordination import Leased, Led, LiveWorker, Membership, Overdue, Parked
from projections.projection import Projection


class PostgresCoordination(StoredAlarms):
    def __init__(self, store: PostgresStore, views: PostgresViews) -> None:
        super().__init__(store)
        self._store = store
        self._views = views

    @contextmanager
    def serving(self, worker: str, does: Sequence[str]) -> Iterator[Membership]:  # noqa: ARG002 shown by what it holds
        with closing(OneOfMany(self._store, self._views, worker)) as member:
            yield member

    def workers(self) -> Sequence[LiveWorker] | None:
        """By the connections that workers hold, each with its role and name."""
        with self._store.explained(), self._store.reading() as cursor:
            rows = cursor.execute(LEASES["workers"]).fetchall()
        if rows == [(None, None)]:
            return None
        roles, since = defaultdict[str, list[str]](list), dict[str, datetime | None]()
        for name, connected_at in rows:
            _, role, worker = name.split(" ", 2)
            roles[worker].append(role)
            since.setdefault(worker, connected_at)
        return [LiveWorker(each, does, since[each]) for each, does in roles.items()]

    def overdue(self, before: datetime) -> Overdue:
        with self._store.explained(), self._store.reading() as cursor:
            (found,) = cursor.execute(LEASES["overdue"], (before,)).fetchall()
        return Overdue(*found)

    def parked(self) -> Sequence[Parked]:
        with self._store.explained(), self._store.reading() as cursor:
            return list(map(Parked._make, cursor.execute(LEASES["parked"]).fetchall()))

    def unpark(self, workspace: str) -> bool:
        with self._store.explained(), self._store.writing() as cursor:
            return cursor.execute(LEASES["unpark"], (workspace,)).rowcount == 1

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]:
        return name_lock(self._store, name, patience)


class OneOfMany:
    """One worker among many. It listens from its making on, so that no append is missed."""

    def __init__(self, store: PostgresStore, views: PostgresViews, worker: str) -> None:
        self._store = store
        self._views = views
        self._worker = worker
        self._leases = Leases(store, worker)
        self._leader = Leader(store, worker)
        self._listener = Listener(store)
        self._runners: dict[str, SingleRunner] = {}
        self._epochs: Mapping[Projection, int] = {}
        self._led = Led((), views.fenced({}))

    def lease(self, most: int) -> Sequence[Leased]:
        return self._leases.lease(most)

    def settled(self, workspaces: Sequence[str]) -> None:
        self._leases.settled(workspaces)

    def failed(self, workspace: str, error: BaseException) -> bool:
        return self._leases.failed(workspace, error)

    def lead(self, projections: Sequence[Projection]) -> Led:
        epochs = self._leader.lead(projections)
        if epochs != self._epochs:
            self._epochs = epochs
            self._led = Led((*epochs,), self._views.fenced(epochs))
        return self._led

    def let_go(self) -> None:
        self._leader.close()

    def alone_in(self, thing: str) -> bool:
        runner = self._runners.get(thing)
        if runner is None:
            runner = self._runners[thing] = SingleRunner(self._store, thing, self._worker)
        return runner.held()

    def wait(self, poll: float) -> None:  # noqa: ARG002 it is told
        self._listener.wait(LONGEST_WAIT)

    def wake(self) -> None:
        self._listener.close()

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._listener.close)
            stack.callback(self._leader.close)
            stack.callback(self._leases.close)
            for runner in self._runners.values():
                stack.callback(runner.close)
