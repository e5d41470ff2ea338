"""Views and a log as they will be once missing events are written: held in memory, on top of
others.

The rows underneath stay as they are; only changes are held here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from engine.ports.errors import NotStoppedThere, StaleView
from engine.ports.log import Entry, Generation, Log, Page, Row, StoreIdentity
from engine.ports.view_status import Keeper, Skip, Stop, ViewStatus
from engine.ports.views import Changes, ReadableViews, Since, page_of
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from projections.projection import Projection, RowKey

Rows = dict[RowKey, Any]


class OverlaidViews:
    """``base`` with the rows saved here on top; ``base`` is never written.

    A ``ProjectionRunner`` can update these like any other views. ``base`` must not change
    meanwhile.
    """

    def __init__(self, base: ReadableViews) -> None:
        self._base = base
        self._rows: dict[Projection, Rows] = {}
        self._underneath: dict[Projection, Rows] = {}
        """The rows of ``base`` under the same keys."""
        self._emptied: set[Projection] = set()
        self._positions: dict[Projection, int] = {}
        self._stops: dict[Projection, Stop] = {}

    def position(self, projection: Projection) -> int:
        found = self._positions.get(projection)
        return self._base.position(projection) if found is None else found

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> Rows:
        rows, underneath = self._rows.get(projection, {}), self._under(projection, keys)
        return {key: row for key in keys if (row := rows.get(key, underneath.get(key))) is not None}

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        base = () if self._hides(projection) else self._base.rows(projection, *prefix, **equal)
        changed = self._rows.get(projection)
        if not changed:
            return base
        length = projection.key_length
        kept = ((row[:length], row) for row in base if row[:length] not in changed)
        found = {**dict(kept), **_chosen(changed, prefix, equal)}
        return [found[key] for key in sorted(found)]

    def page(
        self,
        projection: Projection,
        prefix: RowKey,
        after: RowKey | None,
        limit: int,
        **equal: str | bool,
    ) -> Sequence[Any]:
        changed, length = self._rows.get(projection, {}), projection.key_length
        more = limit + len(changed)
        base = (
            ()
            if self._hides(projection)
            else self._base.page(projection, prefix, after, more, **equal)
        )
        if not changed:
            return base[:limit]
        kept = {row[:length]: row for row in base if row[:length] not in changed}
        found = {**kept, **_chosen(changed, prefix, equal)}
        return page_of(projection, [found[key] for key in sorted(found)], after, limit)

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        base = 0 if self._hides(projection) else self._base.count(projection, *prefix, **equal)
        before = _chosen(self._underneath.get(projection, {}), prefix, equal)
        after = _chosen(self._rows.get(projection, {}), prefix, equal)
        return base - len(before) + len(after)

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        hidden = self._hides(projection)
        found = Counter({} if hidden else self._base.tally(projection, columns, *prefix))
        values = attrgetter(*columns, "__class__")
        before = _chosen(self._underneath.get(projection, {}), prefix, {})
        after = _chosen(self._rows.get(projection, {}), prefix, {})
        found.subtract(values(row)[:-1] for row in before.values())
        found.update(values(row)[:-1] for row in after.values())
        return +found

    def statuses(self, projections: Sequence[Projection]) -> dict[Projection, ViewStatus]:
        return {
            each: status._replace(
                position=self._positions.get(each, status.position),
                stop=self._stops.get(each, status.stop),
            )
            for each, status in self._base.statuses(projections).items()
        }

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        return self._base.keepers(projections)

    def reset(self, projection: Projection) -> None:
        self._emptied.add(projection)
        self._positions[projection] = 0
        self._rows[projection], self._underneath[projection] = {}, {}

    def save(self, changes: Changes, since: Since, position: int) -> None:
        for projection, rows in changes.items():
            stands_at = self.position(projection)
            if stands_at != since[projection]:
                raise StaleView(
                    view=projection.tracking_name, expected=since[projection], found=stands_at
                )
            self._under(projection, list(rows))
            self._rows.setdefault(projection, {}).update(rows)
            self._positions[projection] = position

    def stop(self, projection: Projection, stop: Stop) -> None:
        self._stops[projection] = stop

    def retry(self, projection: Projection) -> None:
        self._stops.pop(projection, None)

    def skip(self, projection: Projection, skip: Skip) -> None:
        raise NotStoppedThere(projection, skip.position, self._stops.get(projection))

    def _hides(self, projection: Projection) -> bool:
        return projection in self._emptied

    def _under(self, projection: Projection, keys: Sequence[RowKey]) -> Rows:
        """The rows of ``base`` under these keys, each read once."""
        if self._hides(projection):
            return {}
        known = self._underneath.setdefault(projection, {})
        rows = self._rows.get(projection, {})
        unknown = [key for key in keys if key not in known and key not in rows]
        known.update(self._base.fetch(projection, unknown) if unknown else {})
        return known


def _chosen(rows: Rows, prefix: Sequence[str], equal: Mapping[str, str | bool]) -> Rows:
    first = tuple(prefix)
    return {
        key: row
        for key, row in rows.items()
        if key[: len(first)] == first
        and all(getattr(row, column) == value for column, value in equal.items())
    }


class OverlaidLog:
    """``base`` up to ``end``, and after it events that are not recorded yet.

    These events are not entries: entries get their numbers at the commit.
    """

    def __init__(self, base: Log, end: int, unsettled: Sequence[Recorded]) -> None:
        self._base = base
        self._end = end
        self._rows = [_row(each) for each in unsettled]
        self._envelopes = list(dict.fromkeys(each.envelope for each in unsettled))

    def now(self) -> datetime:
        return self._base.now()

    @property
    def name(self) -> str:
        return self._base.name

    @property
    def identity(self) -> StoreIdentity:
        return self._base.identity

    def generations(self) -> Sequence[Generation]:
        return self._base.generations()

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        return self._base.entries(after, limit)

    def last_entry(self) -> int:
        return self._base.last_entry()

    def workspaces(self) -> Sequence[str]:
        return self._base.workspaces()

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        recorded = self._base.envelopes_of(workspace, after, limit)
        ahead = (each for each in self._envelopes if each.first_position > after)
        return [*recorded, *ahead][:limit]

    def announced_position(self) -> int:
        return self.last_position()

    def last_position_until(self, at: datetime) -> int:
        later = [each.last_position for each in self._envelopes if each.recorded_at <= at]
        return max([min(self._base.last_position_until(at), self._end), *later])

    def stream(self, stream_id: str, until: int) -> Page:
        rows, envelopes = self._base.stream(stream_id, min(until, self._end))
        later = [row for row in self._rows if row[1] == stream_id and row[0] <= until]
        return Page([*rows, *later], [*envelopes, *self._envelopes])

    def reach_disk(self) -> None:
        self._base.reach_disk()

    def read(self, after: int, limit: int) -> Page:
        recorded = max(min(limit, self._end - after), 0)
        page = self._base.read(after, recorded) if recorded else Page([], [])
        if not self._rows or recorded == limit:
            return page
        first = max(after - self._end, 0)
        return Page(
            [*page.rows, *self._rows[first : first + limit - recorded]],
            [*page.envelopes, *self._envelopes],
        )

    def last_position(self) -> int:
        return self._end + len(self._rows)

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        for each in self._envelopes:
            if (each.workspace, each.command_id) == (workspace, command_id):
                return each
        return self._base.envelope(workspace, command_id)


def _row(recorded: Recorded) -> Row:
    topic, state = CATALOGUE.encode(recorded.event)
    return (recorded.position, recorded.stream_id, recorded.version, topic, state)
