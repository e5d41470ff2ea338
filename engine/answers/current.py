"""What the law says of a workspace now: recorded or not, folded or not. Asking writes nothing.

Views may be some events short of the log's end, and a deadline may have passed that no worker has
settled. Both are made up for in memory, as of one moment, by the loop and the rules that do it for
good.
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
    """A store, as far as asking needs one."""


class Current(NamedTuple):
    """One workspace as it is now by the law."""

    workspace: str
    now: datetime
    aggregates: Neighbours
    """Accounts, campaigns and slots, as a command would find them now."""
    log: Log
    """With the events that are due and not recorded yet at its end."""
    recorded_until: int
    """What stands after this position is due and not recorded yet."""
    views: ReadableViews
    stopped: Mapping[Projection, Stop]
    """Views that stand still at an event they cannot take, and are as old as that."""
    fenced: str | None
    """M6: why the store may lack what it did; then this is what is recorded, not what is due."""

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
    """Good until the end of the block.

    ``fence`` is the store's. ``strict`` raises what ``ProjectionRunner.catch_up`` does, for a view
    that an event stops; otherwise such a view stays as old as that. Raises ``StoreError`` when the
    log cannot be read. ``views`` must be of the moment of ``store.look``, as those of a store are
    that was opened to be read only. ``earlier`` has what looks with it read.
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
