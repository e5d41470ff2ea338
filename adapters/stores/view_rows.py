"""Questions to the rows of one view, in the SQL that both products understand."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from adapters.stores.row_types import RowType
from projections.projection import Projection, RowKey

Asked = Mapping[str, str | bool]


@dataclass(frozen=True, kw_only=True)
class ViewTable:
    """The table of a view's rows, and statements that choose some of them."""

    view: str
    """The table's name."""
    type: RowType
    mark: str
    """What stands for a value in the product's statements."""

    def select(self, what: str, asked: Asked) -> str:
        """Of the rows that have these values, which are to be bound in this order."""
        where = " AND ".join(f'"{field}" = {self.mark}' for field in asked)
        return f"SELECT {what} FROM {self.view}" + (f" WHERE {where}" if asked else "")  # noqa: S608

    def page(self, asked: Asked, *, beyond: bool) -> str:
        """The same, by key, a number of them; ``beyond`` a key, which is bound after the values."""
        marks = ", ".join([self.mark] * len(self.type.key))
        word = "AND" if asked else "WHERE"
        further = f" {word} ({self.order}) > ({marks})" if beyond else ""
        whole = self.select(self.fields, asked)
        return f"{whole}{further} ORDER BY {self.order} LIMIT {self.mark}"

    @property
    def fields(self) -> str:
        return listed(self.type.fields)

    @property
    def order(self) -> str:
        return listed(self.type.key)


def listed(fields: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in fields)


class StoredRows(ABC):
    """The part of ``ReadableViews`` that chooses rows."""

    @abstractmethod
    def _table(self, projection: Projection) -> ViewTable: ...

    @abstractmethod
    def _reading(self, projection: Projection) -> AbstractContextManager[Any | None]:
        """A cursor; None where there are no rows of this view."""

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        table = self._table(projection)
        asked = table.type.asked(prefix, equal)
        select = f"{table.select(table.fields, asked)} ORDER BY {table.order}"
        return list(map(table.type.decode, self._found(projection, select, asked.values())))

    def page(
        self,
        projection: Projection,
        prefix: RowKey,
        after: RowKey | None,
        limit: int,
        **equal: str | bool,
    ) -> Sequence[Any]:
        table = self._table(projection)
        asked = table.type.asked(prefix, equal)
        select = table.page(asked, beyond=after is not None)
        values = (*asked.values(), *(after or ()), limit)
        return list(map(table.type.decode, self._found(projection, select, values)))

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int:
        table = self._table(projection)
        asked = table.type.asked(prefix, equal)
        found = self._found(projection, table.select("count(*)", asked), asked.values())
        return sum(row[0] for row in found)

    def tally(
        self, projection: Projection, columns: Sequence[str], *prefix: str
    ) -> Mapping[tuple[Any, ...], int]:
        table, names = self._table(projection), listed(columns)
        asked = table.type.asked(prefix, {})
        select = f"{table.select(f'{names}, count(*)', asked)} GROUP BY {names}"
        found = self._found(projection, select, asked.values())
        return {table.type.decode_some(columns, row[:-1]): row[-1] for row in found}

    def _found(self, projection: Projection, select: str, values: Iterable[Any]) -> Sequence[Any]:
        with self._reading(projection) as cursor:
            return [] if cursor is None else list(cursor.execute(select, (*values,)).fetchall())
