"""What holds in every history, whatever was asked, by whom, how late, and what crashed.

Judged by what is shipped: the auditor reads the whole log, the indexes are compared with what the
log says, and the views with a replay from zero.
"""

from datetime import UTC, datetime, timedelta

from adapters.stores.memory import MemoryViews
from engine.audit import Auditor, Violation
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.decoding import decode_page
from engine.ports.log import Log
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.recorded import Recorded
from projections.shipped import SHIPPED

PAGE = 100_000
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


def read_log(store: Log) -> list[Recorded]:
    """Raises ``GapInLog`` when positions are not consecutive."""
    return list(decode_page(store.read(0, 10_000_000), 0))


class Judge:
    """Holds a log to the law as it grows."""

    def __init__(self) -> None:
        self._found: list[Violation] = []
        self._auditor = Auditor(self._found.append)

    @property
    def position(self) -> int:
        return self._auditor.position

    def follow(self, store: Log) -> None:
        """On to the end of the log, which may lie in the middle of what follows from a command."""
        while (page := store.read(self.position, PAGE)).rows:
            self._auditor.read(page)
        assert self._found == []

    def finish(self, store: Log) -> None:
        """The log ends here."""
        self.follow(store)
        self._auditor.finish(store.last_position())
        assert self._found == []


def check_log(store: Log) -> None:
    Judge().finish(store)


def check_views(store: Store, views: Views) -> None:
    """Views kept in step equal a replay from zero."""
    ProjectionRunner(store, views, SHIPPED).catch_up()
    fresh = MemoryViews()
    ProjectionRunner(store, fresh, SHIPPED).catch_up()
    for projection in SHIPPED:
        assert list(views.rows(projection)) == list(fresh.rows(projection)), projection.name


def check(store: Store, *, settled_at: datetime | None = None) -> None:
    """Everything of this page. ``settled_at``: a worker had its turn at that moment."""
    check_log(store)
    assert list(check_indexes(store)) == []
    assert list(check_entries(store)) == []
    if settled_at is not None:
        assert list(store.due_workspaces(settled_at - timedelta(microseconds=1))) == []
    in_small_pages = MemoryViews()
    ProjectionRunner(store, in_small_pages, SHIPPED, page=7).catch_up()
    check_views(store, in_small_pages)
