"""What changed between two moments, entity by entity?"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.answers.telling.rows import plain
from engine.audit.fold import LISTED, Fold
from engine.audit.moments import Moment, facts_until
from engine.audit.source import Source
from projections.projection import Projection, RowKey

Columns = Mapping[str, tuple[Any, Any]]


class Change(NamedTuple):
    """A row that is new, gone, or has other values; ``columns`` holds the old and new value of
    each."""

    entity: str
    key: RowKey
    kind: str
    """``added``, ``changed`` or ``removed``."""
    columns: Columns

    def told(self) -> dict[str, Any]:
        """The change in the form of JSON."""
        columns = {
            name: {"old": plain(old), "new": plain(new)}
            for name, (old, new) in self.columns.items()
        }
        return {"entity": self.entity, "key": self.key, "kind": self.kind, "columns": columns}


def changes_between(
    source: Source,
    first: Moment,
    last: Moment,
    progress: Callable[[int], None] = lambda _position: None,
) -> Iterator[Change]:
    """The changes, in order of entity and key. The moments may be positions or times, in either
    order."""
    before, after = (Fold().add(facts_until(source, moment, progress)) for moment in (first, last))
    for projection in LISTED:
        yield from changes_of(projection, before.rows[projection], after.rows[projection])


def changes_of(
    projection: Projection, before: Mapping[RowKey, Any], after: Mapping[RowKey, Any]
) -> Iterator[Change]:
    """The changes that lead from ``before`` to ``after``."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        kind = "added" if old is None else "removed" if new is None else "changed"
        columns = {
            name: (getattr(old, name, None), getattr(new, name, None))
            for name in projection.row._fields[projection.key_length :]
            if getattr(old, name, None) != getattr(new, name, None)
        }
        yield Change(projection.name, key, kind, columns)
