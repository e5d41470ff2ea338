"""The one loop that keeps projections: the same for live updates, catching up, and rebuilding.

A page of the log is read and decoded once for all projections, folded in memory, and written with
the position in one transaction. Working in pages, never event by event, makes it fast.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from engine.decoding import decode_page
from engine.gc_pause import gc_paused
from engine.ports.errors import StaleView, StoreError, ViewStopped
from engine.ports.log import Log
from engine.ports.view_status import Stop
from engine.ports.views import Views
from engine.projection_pass import ProjectionPass
from events.catalogue import UnreadableEvent
from events.recorded import Recorded
from projections.projection import Projection

PAGE = 20_000
ATTEMPTS = 10
"""How often to begin again if another process folds the same views at the same time."""

Progress = Callable[[int], None]


class Kept(NamedTuple):
    """The position of the views that go on, and the views that are stopped, now or from before."""

    position: int
    stopped: Mapping[Projection, Stop]


class ProjectionRunner:
    """Keeps a set of projections up to date with the log. Not safe to share between threads.

    An event that an operator had a view skip is skipped whenever the view is folded, even in a
    rebuild, so that live and rebuilt rows agree. For the auditor it still has happened.
    """

    def __init__(
        self, log: Log, views: Views, projections: Sequence[Projection], page: int = PAGE
    ) -> None:
        self._log = log
        self._views = views
        self._projections = projections
        self._page = page

    def catch_up(self, progress: Progress = lambda _position: None) -> int:
        """Fold everything up to the log's end; return the position reached.

        A view of another version, or ahead of the log, is emptied and rebuilt. Raises
        ``UnreadableEvent`` at the first event that cannot be read, ``CannotTake`` at the first that
        a view cannot process, and, once the others are folded, ``ViewStopped`` for a view that was
        stopped before; what was saved before stays. Another process may keep the same views.
        """
        kept = self._insistently(progress, strict=True)
        for projection, stop in kept.stopped.items():
            raise ViewStopped(projection, stop)
        return kept.position

    def keep_up(self, progress: Progress = lambda _position: None) -> Kept:
        """Like ``catch_up``, but for a worker: an event stops only the views that cannot process
        it.

        The stop is recorded and the others go on; a view that is stopped already is left alone.
        Raises ``StoreError`` if the store cannot be read or written.
        """
        return self._insistently(progress, strict=False)

    def _insistently(self, progress: Progress, *, strict: bool) -> Kept:
        with gc_paused():
            for _ in range(ATTEMPTS - 1):
                with suppress(StaleView):
                    return self._sweep(progress, strict=strict)
            return self._sweep(progress, strict=strict)

    def _sweep(self, progress: Progress, *, strict: bool) -> Kept:
        sweep = ProjectionPass(self._log, self._views, self._projections, strict=strict)
        while sweep.going:
            position = sweep.position
            page, unreadable = self._read(position)
            if page:
                sweep.take(page)
            elif unreadable:
                sweep.meet(unreadable, position + 1)
            else:
                break
            progress(sweep.position)
        return Kept(sweep.position, sweep.stopped)

    def _read(self, after: int) -> tuple[list[Recorded], UnreadableEvent | None]:
        """The next page, up to the first event that cannot be read, and the error of that event.

        A list keeps what it was extended by before an error.
        """
        page: list[Recorded] = []
        try:
            page.extend(decode_page(self._log.read(after, self._page), after))
        except UnreadableEvent as error:
            return page, error
        except StoreError:
            if not page:
                raise
        return page, None
