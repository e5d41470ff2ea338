"""Does every row of a view match the log? Yields a sentence for each that does not.

Nothing is written, and workers may keep running. What is recorded never changes, so most of it is
folded before the views are read as of one moment.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.answers.overlay import OverlaidLog, OverlaidViews
from engine.answers.telling.rows import plain
from engine.audit.fold import FoldedViews
from engine.ports.errors import StoreError, ViewDiffers
from engine.ports.log import Log
from engine.ports.view_status import ViewStatus
from engine.ports.views import Changes, Since, StoredViews
from engine.projecting import ProjectionRunner
from projections.projection import Projection, RowKey

TOLD = 100
"""The most rows of a view that are reported one by one; of more, only the number is."""
BUCKETS = 4_096
"""The number of sums by which an append-only view is compared; it has as many rows as there are
events."""

Statuses = Mapping[Projection, ViewStatus]


class Folded(OverlaidViews):
    """The log folded into several views in one pass, each up to its own position.

    Memory grows with the rows of the views. Of an append-only view, only ``sums`` and the rows in
    ``buckets`` are kept; somebody who changes rows cannot know the hashes of this process.
    """

    def __init__(self, log: Log, buckets: Collection[int] = ()) -> None:
        super().__init__(FoldedViews({}))
        self.sums: dict[Projection, list[int]] = {}
        self._log, self._buckets = log, buckets
        self._stored: Statuses = {}

    def up_to(self, stored: Statuses) -> None:
        """Fold up to these positions. Raises ``UnreadableEvent``, ``CannotTake`` or
        ``StoreError``."""
        self._stored, end = stored, self._log.last_position()
        wanted = {each: min(status.position, end) for each, status in stored.items()}
        for until in sorted({*wanted.values()} - {0}):
            at = {each: self.position(each) for each in wanted if until <= wanted[each]}
            further = [each for each in at if not until < at[each] <= wanted[each]]
            ProjectionRunner(OverlaidLog(self._log, until, ()), self, further).catch_up()

    def right(self, projection: Projection) -> dict[RowKey, Any]:
        return self._rows.get(projection, {})

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {
            each: ViewStatus(self.position(each), skips=self._stored[each].skips)
            for each in projections
        }

    def reset(self, projection: Projection) -> None:
        super().reset(projection)
        self.sums[projection] = [0] * BUCKETS

    def save(self, changes: Changes, since: Since, position: int) -> None:
        kept = dict(changes)
        for each in [each for each in changes if each.appends]:
            _add(self.sums[each], changes[each])
            kept[each] = {row: row for row in changes[each] if hash(row) % BUCKETS in self._buckets}
        super().save(kept, since, position)


def check_views(
    log: Log, views: StoredViews, projections: Sequence[Projection]
) -> Iterator[str | ViewDiffers]:
    """Check that each view matches the log at the view's position, and that its position is within
    the log."""
    folded = Folded(log)
    folded.up_to(views.statuses(projections))
    with views.of_one_moment(projections):
        end, statuses, names = log.last_position(), views.statuses(projections), views.names()
        folded.up_to(statuses)
        for each, status in statuses.items():
            if status.position > end:
                ahead = f"stands at {status.position}, ahead of the log, which ends at {end}"
                yield f"View {each.name} {ahead}."
            elif status.position:
                yield from _differing(log, views, each, status, folded)
                for other in sorted(_positions(each, names) - {each.tracking_name}):
                    yield f"View {each.name} has a position of {other} beside its own."
            elif not _positions(each, names) and any(True for _ in views.stored(each)):
                yield f"View {each.name} has rows and no position, so that nobody reads them."


def notes_on_views(
    log: Log, views: StoredViews, projections: Sequence[Projection]
) -> Iterator[str]:
    """What to know about a comparison that found nothing."""
    end, names = log.last_position(), views.names()
    for each, (position, _, skips) in views.statuses(projections).items():
        if position == 0 < end:
            others = ", ".join(sorted(_positions(each, names)))
            built = f"stands as {others}" if others else "is not built"
            yield f"View {each.name} {built}: not compared. Whoever keeps it next builds it."
        elif position < end:
            yield f"View {each.name} stands at {position} of {end}, and is compared up to there."
        for skip in skips:
            said = f"as {skip.actor} has it do: {skip.reason}"
            yield f"View {each.name} passes over the event at {skip.position}, {said}"
    for name in sorted({each.partition("/")[0] for each in names} - {p.name for p in projections}):
        of = "no view of this program, or of a rebuild that goes on or was cut off"
        yield f"What is kept as {name} is of {of}: not compared."


def _positions(projection: Projection, names: Collection[str]) -> set[str]:
    """The tracking names of the projection, in any version."""
    return {each for each in names if each.startswith(f"{projection.name}/")}


def _differing(
    log: Log, views: StoredViews, projection: Projection, status: ViewStatus, folded: Folded
) -> Iterator[str | ViewDiffers]:
    count, stored, right = 0, views.stored(projection), folded.right(projection)
    try:
        if projection.appends:
            stored, right = _in_doubt(log, views, projection, status, folded.sums[projection])
        for count, sentence in enumerate(_compared(projection, right, stored), 1):
            if count <= TOLD:
                yield sentence
    except StoreError as error:
        yield f"View {projection.name} cannot be read: {error}"
    if count:
        told = f", of which {TOLD} are told" if count > TOLD else ""
        yield ViewDiffers(view=projection.name, rows=f"{count:,} row{'s' * (count > 1)}{told}")


def _in_doubt(
    log: Log, views: StoredViews, projection: Projection, status: ViewStatus, right: Sequence[int]
) -> tuple[Iterator[tuple[RowKey, Any]], dict[RowKey, Any]]:
    """The stored rows, and the rows by the log, in the buckets whose sums differ."""
    sums = [0] * BUCKETS
    _add(sums, (key for key, _ in views.stored(projection)))
    buckets = {each for each in range(BUCKETS) if sums[each] != right[each]}
    if not buckets:
        return iter(()), {}
    again = Folded(log, buckets)
    again.up_to({projection: status})
    stored = (each for each in views.stored(projection) if hash(each[0]) % BUCKETS in buckets)
    return stored, again.right(projection)


def _compared(
    projection: Projection, right: dict[RowKey, Any], stored: Iterable[tuple[RowKey, Any]]
) -> Iterator[str]:
    """A sentence for each difference. Empties ``right``."""
    name = projection.name
    for key, row in stored:
        expected = right.pop(key, None)
        if expected is None:
            yield f"View {name} has a row too many: {_told(key)}."
        elif row is None:
            yield f"View {name} has a row that cannot be read: {_told(key)}."
        elif row != expected:
            columns = zip(projection.row._fields, row, expected, strict=True)
            other = [(field, _json(a), _json(b)) for field, a, b in columns if a != b]
            values = (f"{field} is {there}, by the log {by_log}" for field, there, by_log in other)
            yield f"View {name} has another row {_told(key)}: {'; '.join(values)}."
    for key in sorted(right):
        yield f"View {name} lacks a row: {_told(key)}."


def _add(sums: list[int], rows: Iterable[RowKey]) -> None:
    for row in rows:
        number = hash(row)
        sums[number % BUCKETS] += number


def _told(key: RowKey) -> str:
    return " ".join(map(str, key))


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, default=repr)
