"""Lock, settle, decide, react, append: the one way in which anything happens.

Whoever acts in a workspace, a person's command or a tick, does so under that workspace's lock and
in one transaction. What was due before is settled first (S7), so a timer may be as late as it
likes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import RLock

from aggregates.campaign import Campaign
from aggregates.command import DEFAULT_POLICY, Command, Policy
from engine.answer import Answer, Request
from engine.cache import AggregateCache
from engine.collector import collector_paused
from engine.snapshots import freeze
from engine.store import Store, StoreError, WorkspaceTransaction
from engine.unit_of_work import UnitOfWork
from processors.workspace import Workspace


class Engine:
    """The engine over one store.

    ``snapshot_every`` is the number of events after which a campaign is snapshot again;
    ``cache_size`` the number of aggregates kept in memory. Safe to share between threads.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy = DEFAULT_POLICY,
        *,
        cache_size: int = 1_000,
        snapshot_every: int = 20_000,
    ) -> None:
        self.store = store
        self.policy = policy
        self._cache = AggregateCache(cache_size)
        self._snapshot_every = snapshot_every
        self._lock = RLock()

    def execute(self, workspace: str, command: Command, *, command_id: str, actor: str) -> Answer:
        """Decide one command. The same ``command_id`` again gets the old answer."""
        return self.execute_page(workspace, [Request(command, command_id, actor)])[0]

    def execute_page(self, workspace: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """Decide a page of commands in one transaction, each on its own: group commit."""
        with self._lock, collector_paused():
            with self.store.transaction(workspace) as transaction:
                work = self._work(transaction, workspace)
                work.settle()
                answers = [work.perform(request) for request in requests]
                self._append(transaction, work)
            self._remember(work)
        return answers

    def tick(self, workspace: str, *, inclusive: bool = False) -> int:
        """A worker's turn: settle what is due and issue reminders (N1). Answers how many events.

        ``inclusive`` settles what is due at this very instant too, as simulated time needs it.
        """
        with self._lock, collector_paused():
            with self.store.transaction(workspace) as transaction:
                work = self._work(transaction, workspace)
                work.settle(inclusive=inclusive)
                work.remind()
                self._append(transaction, work)
            self._remember(work)
        return work.position - transaction.last_position

    @contextmanager
    def look(self, workspace: str) -> Iterator[Workspace]:
        """The workspace as a command would find it now, due things settled. Writes nothing."""
        with self._lock, self.store.transaction(workspace) as transaction:
            with collector_paused():
                work = self._work(transaction, workspace)
                work.settle()
            yield work

    def tick_all(self, *, inclusive: bool = False) -> int:
        """A turn in every workspace that has something due. Answers how many events.

        One workspace that cannot be settled keeps no other from its turn; what went wrong is
        raised as an ``ExceptionGroup`` at the end.
        """
        settled, errors = 0, []
        for workspace in self.store.due_workspaces(self.store.now()):
            try:
                settled += self.tick(workspace, inclusive=inclusive)
            except Exception as error:  # noqa: BLE001 raised below
                errors.append(error)
        if errors:
            raise ExceptionGroup("some workspaces could not be settled", errors)
        return settled

    def _work(self, transaction: WorkspaceTransaction, workspace: str) -> UnitOfWork:
        return UnitOfWork(transaction, workspace, self._cache, self.policy)

    def _append(self, transaction: WorkspaceTransaction, work: UnitOfWork) -> None:
        append = work.pending()
        if append is not None:
            transaction.append(append)

    def _remember(self, work: UnitOfWork) -> None:
        """After the commit: the states decided on are the newest there are."""
        states = work.states()
        for stream_id, entry in states.items():
            grown = entry.version - entry.snapshot_version >= self._snapshot_every
            if grown and isinstance(entry.state, Campaign):
                states[stream_id] = entry._replace(snapshot_version=entry.version)
                with suppress(StoreError):  # what was decided is committed; the next one will do
                    self.store.save_snapshot(freeze(stream_id, entry.version, entry.state))
        self._cache.commit(states, work.position)
