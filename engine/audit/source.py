"""The history under audit: a log and its views, as they were when it was opened."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from engine.decoding import GapInLog, decode_page
from engine.gc_pause import gc_paused
from engine.ports.errors import WithoutEntries
from engine.ports.log import Log, Page
from engine.ports.views import ReadableViews
from events.recorded import Envelope, Recorded

PAGE = 10_000
NEVER_RESTORED = 2**63 - 1


def restored_at(log: Log) -> int:
    """The first position that may have been written after a restore (M6): where the log's second
    generation begins. ``NEVER_RESTORED`` if there was no restore."""
    with suppress(WithoutEntries):
        for each in log.generations()[1:]:
            for first in log.entries(each.first_entry - 1, 1):
                return first.row[0] if first.row else first.envelope.first_position
            break
    return NEVER_RESTORED


class Source:
    """A fixed history: nothing of the log after ``end`` is read.

    ``announced`` is the last position that an envelope covers: it is after ``end`` only if the log
    was cut off. The views may move on; a caller who uses their rows checks their position.
    """

    def __init__(self, log: Log, views: ReadableViews) -> None:
        self._log = log
        self.views = views
        self.name = log.name
        self.announced = log.announced_position()
        self.end = log.last_position()

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position."""
        limit = min(limit, self.end - after)
        return self._log.read(after, limit) if limit > 0 else Page([], [])

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """The envelope of that command; None if it was never recorded."""
        return self._log.envelope(workspace, command_id)

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        """Up to ``limit`` of the workspace's envelopes that begin after that position."""
        found = self._log.envelopes_of(workspace, after, limit)
        return [each for each in found if each.last_position <= self.end]

    def restored_at(self) -> int:
        """See the function of that name."""
        return restored_at(self._log)

    def workspaces(self) -> Sequence[str]:
        return self._log.workspaces()

    def last_position_until(self, at: datetime) -> int:
        """The last position whose facts were recorded at or before that time; 0 for none."""
        return min(self._log.last_position_until(at), self.end)

    def stream(self, stream_id: str, until: int) -> Page:
        """The events of one stream up to that position, and their envelopes."""
        return self._log.stream(stream_id, min(until, self.end))


def facts(
    source: Source,
    until: int | None = None,
    progress: Callable[[int], None] = lambda _position: None,
    after: int = 0,
) -> Iterator[Recorded]:
    """The history after ``after`` up to ``until``, in constant memory.

    Raises ``UnreadableEvent`` or ``StoreError`` at the first event that cannot be read, after
    yielding all before it. ``progress`` is called with the position after every page.
    """
    end = source.end if until is None else min(until, source.end)
    position = after
    with gc_paused():
        while position < end:
            page = source.read(position, min(PAGE, end - position))
            if not page.rows:
                raise GapInLog(expected=position + 1, found=end)
            yield from decode_page(page, position)
            position = page.rows[-1][0]
            progress(position)


class WorkspaceFacts:
    """The history of one workspace, which can be iterated repeatedly, in constant memory.

    Raises what ``facts`` raises. ``progress`` is called with the position now and then.
    """

    def __init__(
        self,
        source: Source,
        workspace: str,
        progress: Callable[[int], None] = lambda _position: None,
    ) -> None:
        self._source, self._workspace, self._progress = source, workspace, progress

    def __iter__(self) -> Iterator[Recorded]:
        position = 0
        with gc_paused():
            while envelopes := self._source.envelopes_of(self._workspace, position, PAGE):
                for first, count in _runs(envelopes):
                    yield from facts(self._source, first + count - 1, self._progress, first - 1)
                position = envelopes[-1].first_position


def _runs(envelopes: Iterable[Envelope]) -> Iterator[tuple[int, int]]:
    """First position and length of each stretch of consecutive envelopes."""
    first, count = 0, 0
    for each in envelopes:
        if count and each.first_position != first + count:
            yield first, count
            count = 0
        first = each.first_position if not count else first
        count += each.event_count
    if count:
        yield first, count
