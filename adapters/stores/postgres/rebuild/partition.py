"""What one process of a rebuild folds of a view, and the rows it has in hand.

A row is folded by one process alone, from its first event to its last, and written once, into a
table that has no index yet. When memory will not hold the rows, half of them are left for another
pass of the log: reading again costs less than looking rows up.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from psycopg import sql

from adapters.stores.postgres.rebuild.binary_rows import BinaryRows
from adapters.stores.postgres.rebuild.hashing import Share, hash_of_key
from adapters.stores.postgres.rebuild.refusals import SharedWrongly
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.tables import described
from engine.folding import fold
from events.recorded import Recorded
from projections.projection import Projection, RowKey

IN_HAND = 500_000
"""Rows of one view in the memory of one process, about 200 MB of the largest."""
APPENDED_IN_HAND = 100_000
"""Of one that never looks at a row again."""
SMALLEST_SHARE = 10_000
"""Into how many parts rows are shared out before memory has to hold what does not part."""


class Part(NamedTuple):
    projection: Projection
    share: Share
    by_event: bool
    """Do undecoded events tell the share, or only the rows' keys?"""
    skips: frozenset[int]


def beside(projection: Projection) -> Projection:
    """The view that is built beside that one."""
    return projection._replace(name=f"{projection.name}_rebuilt")


class Folding:
    """A part under way."""

    def __init__(self, part: Part, in_hand: int) -> None:
        self.part = part
        self.page: list[Recorded] = []
        """Events of this page that concern it."""
        self._rows: dict[RowKey, Any] = {}
        self._in_hand = in_hand
        self._hash = hash_of_key(part.projection)
        self._binary = BinaryRows(part.projection)

    def fold_page(self, after: int) -> None:
        page = self.page if self.part.by_event else self._of_the_share(self.page)
        rows = fold(self.part.projection, page, after, self.part.skips, self._fetch)
        if rows is not self._rows:
            self._rows.update(rows)
        self.page.clear()

    def _of_the_share(self, page: Sequence[Recorded]) -> Iterable[Recorded]:
        projection, share, _, skips = self.part
        if share.of == 1:
            return page
        seen = (each for each in page if each.position not in skips)
        return [each for each in seen if share.has(self._hash(projection.key(each)))]

    def _fetch(self, _projection: Projection, _keys: Sequence[RowKey]) -> dict[RowKey, Any]:
        return self._rows

    def make_room(self, store: PostgresStore) -> Part | None:
        """Keep within the limit. Answers the part that is left for another pass."""
        if self.part.projection.appends:
            if len(self._rows) > min(self._in_hand, APPENDED_IN_HAND):
                self.write(store)
            return None
        if len(self._rows) <= self._in_hand or self.part.share.of > SMALLEST_SHARE:
            return None
        here, later = self.part.share.halves()
        self._rows = {key: row for key, row in self._rows.items() if here.has(self._hash(key))}
        self.part = self.part._replace(share=here)
        return self.part._replace(share=later)

    def write(self, store: PostgresStore) -> None:
        projection, rows = self.part.projection, [*self._rows.values()]
        if not projection.appends:
            self._hold_to_share()
        if rows:
            table = described(beside(projection))
            statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
            copy_in = statement.format(table.name, table.all_fields)
            with store.explained(), store.writing() as cursor, cursor.copy(copy_in) as copy:
                for buffer in self._binary.buffers(rows):
                    copy.write(buffer)
        self._rows = {}

    def _hold_to_share(self) -> None:
        """Nobody else folds one of these rows too."""
        projection, share = self.part.projection, self.part.share
        for key in self._rows if share.of > 1 else ():
            if not share.has(self._hash(key)):
                raise SharedWrongly(view=projection.name, row=key, share_by=projection.share_by)
