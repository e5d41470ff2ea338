"""A workspace's state now by the law, whether or not it is recorded and in the views. Asking writes
nothing.

Views may lag behind the log's end, and a deadline may have passed that no worker has settled. Both
are made up for in memory, as of one moment, by the same loop and rules that do it in the store.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, Protocol

from aggregates.command import Policy
from engine.answers.history import History, positions_in
from engine.answers.overlay import OverlaidLog, OverlaidViews
from engine.answers.workspace_answers import Answers
from engine.cache import EarlierLooks
from engine.command_context import Neighbours
from engine.fence import Fence
from engine.ports.log import Log
from engine.ports.transactions import Transactions
from engine.ports.view_status import Stop
from engine.ports.views import ReadableViews
from engine.projecting import ProjectionRunner
from engine.unsettled import settled, unsettled_events
from projections.projection import Projection
from projections.shipped import SHIPPED


class Readable(Log, Transactions, Protocol):
    """The part of a store that asking needs."""


class Current(NamedTuple):
    """One workspace as it is now by the law."""

    workspace: str
    now: datetime
    aggregates: Neighbours
    """Accounts, campaigns and slots, as a command would find them now."""
    log: Log
    """The log, followed by the events that are due and not recorded yet."""
    recorded_until: int
    """Events after this position are due and not recorded yet."""
    views: ReadableViews
    stopped: Mapping[Projection, Stop]
    """Views that have stopped at an event that they cannot process, and are no newer than that."""
    fenced: str | None
    """M6: why the store may lack some of its past; the state is then what is recorded, not what is
    due."""

    def answers(self) -> Answers:
        return Answers(self.views, self.workspace)

    def history(self) -> History:
        return History(self.log, positions_in(self.views), self.workspace)


@contextmanager
def current(
    store: Readable,
    views: ReadableViews,
    workspace: str,
    policy: Policy,
    *,
    fence: Fence,
    strict: bool = True,
    earlier: EarlierLooks | None = None,
) -> Iterator[Current]:
    """The current state, valid until the end of the block.

    ``fence`` is the store's. With ``strict``, a view that an event stops raises what
    ``ProjectionRunner.catch_up`` raises; otherwise the view stays at that event. Raises
    ``StoreError`` if the log cannot be read. ``views`` must be of the same moment as
    ``store.look``, as they are in a store that was opened read-only. ``earlier`` keeps what is
    read, for later looks.
    """
    fenced, doubts, looks = fence.closed(), fence.doubts, earlier or EarlierLooks(0)
    known = looks.known(workspace, doubts)
    with store.look(workspace) as reading:
        end = store.last_position()
        work = settled(reading, workspace, policy, fenced, known)
        log = OverlaidLog(store, end, unsettled_events(work, end))
        above = OverlaidViews(views)
        runner = ProjectionRunner(log, above, SHIPPED)
        if strict:
            runner.catch_up()
        stopped = {} if strict else runner.keep_up().stopped
        try:
            yield Current(workspace, reading.now, work, log, end, above, stopped, fenced)
        finally:
            looks.keep(work.as_read, doubts)
