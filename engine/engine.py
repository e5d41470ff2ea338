"""Lock, settle, decide, react, append: the one way in which anything happens.

Whatever acts in a workspace, a person's command or a tick, does so under that workspace's lock and
in one transaction. What was due before is settled first (S7), so it does not matter how late a
timer is.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, repeat, takewhile

from aggregates.command import DEFAULT_POLICY, Command, Policy
from engine.cache import PEOPLE, AggregateCache, Earlier
from engine.command_context import Look
from engine.decoding import decode_page
from engine.fence import Fence, StoreFence
from engine.gc_pause import freeze_survivors, gc_paused
from engine.group_commit import Answer, GroupCommit, Page, Pages
from engine.observing import SILENT, Committed, Observer, tell
from engine.optimistic import OptimisticDecisions
from engine.ports.errors import StoreError, StoreUnavailable
from engine.ports.optimistic import OptimisticAppends
from engine.ports.store import Store
from engine.ports.transactions import WorkspaceTransaction
from engine.recalled import Recalled
from engine.reply import Reply, Request
from engine.snapshots import freeze
from engine.unit_of_work import Outcome, UnitOfWork
from events.recorded import Envelope, Recorded

RETRYING = 30.0
"""Seconds for which a store that cannot be reached is tried again."""
PAUSES = (0.0, 0.1, 0.25, 0.5)
"""Seconds between attempts; the last one repeats."""
RETOLD = 1_000
"""Events read at a time to repeat a reply that was lost."""


class Engine:
    """The engine over one store.

    ``fence`` says whether the store may lack some of its past; without one, this is assumed of
    every store that has sent (M6). ``snapshot_every`` is the number of events after which a new
    snapshot of a large aggregate is taken; ``cache_size`` the number of aggregates kept in memory,
    and ``cache_people`` that of recipients and suppressed persons in them; ``observer`` is called
    after every commit; with ``optimistic``, commands are decided from memory if the store can tell
    that nothing was recorded meanwhile. Safe to share between threads.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy = DEFAULT_POLICY,
        *,
        cache_size: int = 1_000,
        cache_people: int = PEOPLE,
        snapshot_every: int = 20_000,
        observer: Observer = SILENT,
        fence: Fence | None = None,
        optimistic: bool = True,
    ) -> None:
        self.store = store
        self.fence = fence if fence is not None else StoreFence(store)
        self.policy = policy
        self._observer = observer
        self._cache = AggregateCache(cache_size, cache_people)
        self._doubts = 0
        self._snapshot_every = snapshot_every
        self._in_bulk: set[object] = set()
        self._optimistic = (
            OptimisticDecisions(store, self._cache)
            if optimistic and isinstance(store, OptimisticAppends)
            else None
        )
        self._group_commit = GroupCommit(
            self._optimistic.promises if self._optimistic else lambda _: False,
            self._decide_from_memory,
            self._decide_together,
            self._decide_alone,
        )

    def execute(self, workspace: str, command: Command, *, command_id: str, actor: str) -> Reply:
        """Decide one command. Repeating the ``command_id`` returns the old reply."""
        return self.execute_page(workspace, [Request(command, command_id, actor)])[0]

    def execute_page(self, workspace: str, requests: Sequence[Request]) -> Sequence[Reply]:
        """Decide a page of commands in one transaction, each on its own: group commit.

        Commands that other threads submit meanwhile may share the transaction. If the store is
        lost, it is tried again for half a minute; what was decided before is recognised by its
        command id, so nothing is decided twice.
        """
        return self._group_commit.ask(workspace, requests)

    def execute_pages(self, pages: Sequence[Page]) -> list[Answer]:
        """Likewise decide pages of several workspaces, in one transaction if possible; return the
        replies to each page, or its error."""
        return self._group_commit.ask_all(pages)

    def retold(self, workspace: str, reply: Reply) -> Reply:
        """A repeated reply, completed with everything that was recorded at the time; any other
        reply unchanged."""
        envelope = self.store.envelope(workspace, reply.command_id) if reply.repeated else None
        if envelope is None:
            return reply
        told = list(
            takewhile(partial(_of_the_same, envelope), self._log(envelope.first_position - 1))
        )
        position = told[-1].position if told else envelope.first_position - 1
        return reply._replace(recorded=told, position=position)

    def tick(self, workspace: str, *, inclusive: bool = False) -> int:
        """A worker's turn: settle what is due and issue reminders (N1). Returns the number of
        events.

        ``inclusive`` also settles what is due at this very instant, as simulated time requires.
        """
        with gc_paused():
            with self._judged() as fenced, self.store.transaction(workspace) as transaction:
                work = self._work(transaction, workspace, fenced)
                self._turn(transaction, work, inclusive=inclusive)
            self._committed([work])
        return work.decided

    def tick_together(self, workspaces: Sequence[str]) -> dict[str, int]:
        """A turn in each of these in one transaction; returns the number of events by workspace.

        Workspaces that somebody else has locked are left out. An error in any of them is raised,
        and then nothing is done.
        """
        with gc_paused():
            asked = dict.fromkeys(workspaces, ())
            with self._judged() as fenced, self.store.transactions(asked) as opened:
                works = [
                    self._turn(each, self._work(each, workspace, fenced))
                    for workspace, each in opened.items()
                ]
            self._committed(works)
        return {work.workspace: work.decided for work in works}

    @contextmanager
    def look(self, workspace: str, earlier: Earlier | None = None) -> Iterator[Look]:
        """The workspace as a command would find it now, with everything due settled unless the
        store is fenced.

        Writes nothing, and neither waits nor makes others wait. ``earlier`` keeps what looks with
        it have read, so that the next one reads only what was recorded since.
        """
        with self._judged() as fenced:
            known = self._cache.of(workspace, self._still_valid(earlier).entries)
            with self.store.look(workspace) as reading:
                with gc_paused():
                    work = UnitOfWork(reading, workspace, known, self.policy, fenced)
                    work.settle()
                yield work
                if earlier is not None:
                    earlier.entries.update(work.as_read)

    def recall(self, workspace: str, earlier: Earlier) -> Recalled:
        """The workspace as this engine knows it, without reading the store."""
        return Recalled(workspace, self._cache, self._still_valid(earlier))

    def _still_valid(self, earlier: Earlier | None) -> Earlier:
        """``earlier``, emptied if the store may have another history by now (M6)."""
        if earlier is None:
            return Earlier()
        if earlier.doubts != self._doubts:
            earlier.forget(self._doubts)
        return earlier

    def tick_all(self, *, inclusive: bool = False) -> int:
        """A turn in every workspace that has something due. Returns the number of events.

        A workspace that cannot be settled does not keep the others from their turns; the errors are
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

    @contextmanager
    def snapshots_later(self) -> Iterator[None]:
        """Take no snapshots until the end of the block: during an import, each would make everybody
        wait."""
        bulk = object()
        self._in_bulk.add(bulk)
        try:
            yield
        finally:
            self._in_bulk.discard(bulk)

    def _decide_from_memory(self, pages: Pages) -> Mapping[str, Sequence[Reply]]:
        """Decide in those workspaces in which nothing was recorded since; in none if the store is
        fenced."""
        with gc_paused(), self._judged() as fenced:
            if fenced is not None or self._optimistic is None:
                return {}
            decided = self._optimistic.decide(pages, self.policy)
            self._committed([work for work, _ in decided])
            return {work.workspace: _replies(work, outcomes) for work, outcomes in decided}

    def _decide_together(self, pages: Pages) -> Mapping[str, Sequence[Reply]]:
        """Decide in those workspaces that are not locked and in which nothing is due; in none if
        the store is fenced."""
        decided: list[tuple[UnitOfWork, list[Outcome]]] = []
        asked = {name: [each.command_id for each in page] for name, page in pages.items()}
        with gc_paused(), self._judged() as fenced:
            if fenced is not None:
                return {}
            with self.store.transactions(asked) as opened:
                for workspace, transaction in opened.items():
                    work = self._work(transaction, workspace, fenced)
                    if not work.has_something_due:
                        outcomes = [work.perform(request) for request in pages[workspace]]
                        work.append_to(transaction)
                        decided.append((work, outcomes))
            self._committed([work for work, _ in decided])
            return {work.workspace: _replies(work, outcomes) for work, outcomes in decided}

    def _decide_alone(
        self, workspace: str, requests: Sequence[Request], again: bool
    ) -> Sequence[Reply]:
        """Decide one page, waiting ``RETRYING`` seconds for a lost store to come back. ``again``:
        it was tried before."""
        until = time.monotonic() + RETRYING
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                replies = self._decided(workspace, requests)
                return [self._as_it_was(workspace, each) for each in replies] if again else replies
            except StoreUnavailable:
                if time.monotonic() + pause > until:
                    raise
                again = True
                time.sleep(pause)
        raise AssertionError("pauses do not end")

    def _decided(self, workspace: str, requests: Sequence[Request]) -> Sequence[Reply]:
        command_ids = [each.command_id for each in requests]
        with gc_paused(), self._judged() as fenced:
            if fenced is not None and any(each.command.taken_when_fenced for each in requests):
                self.fence.part_ways()
            with self.store.transaction(workspace, command_ids) as transaction:
                work = self._work(transaction, workspace, fenced)
                work.settle()
                outcomes = [work.perform(request) for request in requests]
                work.append_to(transaction)
            self._committed([work])
            return _replies(work, outcomes)

    def _as_it_was(self, workspace: str, reply: Reply) -> Reply:
        """The reply as it was before it was lost: the log still has what was recorded."""
        return self.retold(workspace, reply)._replace(repeated=False)

    def _log(self, position: int) -> Iterator[Recorded]:
        """Everything after that position."""
        while page := list(decode_page(self.store.read(position, RETOLD), position)):
            yield from page
            position = page[-1].position

    @contextmanager
    def _judged(self) -> Iterator[str | None]:
        """Why the store is fenced, or None. A store that is lost may come back with another history
        (M6)."""
        try:
            fenced = self.fence.closed()
            if self._doubts != self.fence.doubts:
                self._doubts = self.fence.doubts
                self._cache.clear()
            yield fenced
        except StoreUnavailable:
            self.fence.doubt()
            raise

    def _turn(
        self, transaction: WorkspaceTransaction, work: UnitOfWork, *, inclusive: bool = False
    ) -> UnitOfWork:
        work.settle(inclusive=inclusive)
        work.remind()
        work.append_to(transaction)
        return work

    def _work(
        self, transaction: WorkspaceTransaction, workspace: str, fenced: str | None
    ) -> UnitOfWork:
        return UnitOfWork(transaction, workspace, self._cache, self.policy, fenced)

    def _committed(self, works: Sequence[UnitOfWork]) -> None:
        """Remember what one transaction did, and report it to the observer, now that it is
        committed."""
        committed_at = time.perf_counter_ns()
        for work in works:
            self._remember(work)
        if self._observer is not SILENT:
            self._tell(works, committed_at)

    def _tell(self, works: Sequence[UnitOfWork], committed_at: int) -> None:
        batches = [batch for work in works for batch in work.batches]
        if batches:
            entered_at = min(work.entered_at for work in works)
            decided_at = max(work.decided_at for work in works)
            tell(self._observer, Committed(batches, entered_at, decided_at, committed_at))

    def _remember(self, work: UnitOfWork) -> None:
        """Keep the states after the commit: they are now the newest."""
        for stream_id, entry in work.states.items():
            form = entry.type.snapshots
            grown = entry.version - entry.snapshot_version >= self._snapshot_every
            if form and grown and not self._in_bulk:
                work.states[stream_id] = entry._replace(snapshot_version=entry.version)
                with suppress(StoreError):  # the commit stands; a later snapshot will do
                    self.store.save_snapshot(freeze(form, stream_id, entry.version, entry.state))
                freeze_survivors()
        work.remember()


def _of_the_same(requested: Envelope, each: Recorded) -> bool:
    """Whether the event belongs to the request. The log may continue with another workspace, or
    with a later turn under the same id."""
    envelope = each.envelope
    return (envelope.workspace, envelope.correlation_id, envelope.recorded_at) == (
        requested.workspace,
        requested.command_id,
        requested.recorded_at,
    )


def _replies(work: UnitOfWork, outcomes: Sequence[Outcome]) -> list[Reply]:
    return [each.reply(work.after) for each in outcomes]
