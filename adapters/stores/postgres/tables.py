"""How the rows of a projection stand in PostgreSQL: a table each, made of the row's annotations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from psycopg import sql
from psycopg.sql import Composed, Identifier
from psycopg.types.json import Jsonb

from adapters.stores.row_types import Convert, row_type
from adapters.stores.view_rows import ViewTable
from projections.projection import Projection

_TYPES: Mapping[type[Any], str] = {
    datetime: "timestamptz",
    bool: "boolean",
    int: "bigint",
    dict: "jsonb",
    tuple: "text[]",
}
_TEXT = 'text COLLATE "C"'
"""In the order of code points, as Python's."""


@dataclass(frozen=True, kw_only=True)
class Table(ViewTable):
    """How rows of one projection are written and read."""

    name: Identifier
    columns: Composed
    """Names and types."""
    staging: Identifier
    indexes: tuple[Composed, ...]
    """What makes them."""

    @property
    def all_fields(self) -> Composed:
        return names(self.type.fields)

    def create(self) -> Composed:
        return sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(
            self.name, self.columns, names(self.type.key)
        )

    def on_conflict(self) -> Composed:
        rest = [field for field in self.type.fields if field not in self.type.key]
        if not rest:
            return Composed([sql.SQL("ON CONFLICT DO NOTHING")])
        sets = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(Identifier(each)) for each in rest
        )
        return sql.SQL("ON CONFLICT ({}) DO UPDATE SET {}").format(names(self.type.key), sets)

    def fetch(self) -> Composed:
        """OFFSET 0 keeps the planner at one look into the index per key, however many there are."""
        arrays = sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in self.type.key)
        same = sql.SQL(" AND ").join(
            sql.SQL("v.{0} = k.{0}").format(Identifier(each)) for each in self.type.key
        )
        return sql.SQL(
            "SELECT {} FROM unnest({}) AS k ({}) CROSS JOIN LATERAL "
            "(SELECT v.* FROM {} v WHERE {} OFFSET 0) AS v"
        ).format(
            sql.SQL(", ").join(
                sql.SQL("v.{}").format(Identifier(each)) for each in self.type.fields
            ),
            arrays,
            names(self.type.key),
            self.name,
            same,
        )

    def upsert(self) -> Composed:
        marks = sql.SQL(", ").join(sql.SQL("%s") for _ in self.type.fields)
        return sql.SQL("INSERT INTO {} ({}) VALUES ({}) {}").format(
            self.name, self.all_fields, marks, self.on_conflict()
        )


@cache
def described(projection: Projection) -> Table:
    found = row_type(projection, _ENCODERS.get, _decoder)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(Identifier(field), sql.SQL(_TYPES.get(kind, _TEXT)))
        for field, kind in zip(found.fields, found.kinds, strict=True)
    )
    return Table(
        view=f'"view_{projection.name}"',
        mark="%s",
        name=Identifier(f"view_{projection.name}"),
        type=found,
        columns=columns,
        indexes=tuple(_index(projection, field) for field in projection.indexed),
        staging=Identifier(f"staged_{projection.name}_{projection.version}"),
    )


_ENCODERS: Mapping[type[Any], Convert] = {dict: Jsonb, tuple: list}
_AS_THEY_ARE = {datetime, bool, int, dict, str}


def _decoder(kind: type[Any]) -> Convert | None:
    return None if kind in _AS_THEY_ARE else kind


def _index(projection: Projection, field: str) -> Composed:
    name = Identifier(f"view_{projection.name}")
    return sql.SQL("CREATE INDEX {} ON {} ({})").format(
        index_of(projection, field), name, Identifier(field)
    )


def index_of(projection: Projection, field: str) -> Identifier:
    return Identifier(f"view_{projection.name}_{field}")


def names(of: Iterable[str]) -> Composed:
    return sql.SQL(", ").join(map(Identifier, of))
