"""How the rows of a projection stand in PostgreSQL: a table each, made of the row's annotations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from psycopg import sql
from psycopg.sql import Composed, Identifier
from psycopg.types.json import Jsonb

from adapters.stores.row_types import Convert, asked_value, chooses, converted, kind_of
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


class Table(NamedTuple):
    """How rows of one projection are written and read."""

    name: Identifier
    key: tuple[str, ...]
    fields: tuple[str, ...]
    row: type[Any]
    columns: Composed
    """Names and types, and the primary key."""
    encoders: tuple[tuple[int, Convert], ...]
    decoders: tuple[tuple[int, Convert], ...]
    choosers: frozenset[str]
    """Columns by which rows may be chosen."""
    staging: Identifier
    indexes: tuple[Composed, ...]
    """What makes them."""

    def encode(self, row: Sequence[Any]) -> Sequence[Any]:
        return converted(row, self.encoders) if self.encoders else row

    def decode(self, values: Sequence[Any]) -> Any:
        return self.row._make(converted(values, self.decoders))

    def decode_some(self, columns: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
        decoders = dict(self.decoders)
        places = map(self.fields.index, columns)
        wanted = ((i, decoders[at]) for i, at in enumerate(places) if at in decoders)
        return tuple(converted(values, tuple(wanted)))

    @property
    def all_fields(self) -> Composed:
        return names(self.fields)

    def create(self) -> Composed:
        return sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(
            self.name, self.columns, names(self.key)
        )

    def on_conflict(self) -> Composed:
        rest = [field for field in self.fields if field not in self.key]
        if not rest:
            return Composed([sql.SQL("ON CONFLICT DO NOTHING")])
        sets = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(Identifier(each)) for each in rest
        )
        return sql.SQL("ON CONFLICT ({}) DO UPDATE SET {}").format(names(self.key), sets)

    def fetch(self) -> Composed:
        """OFFSET 0 keeps the planner at one look into the index per key, however many there are."""
        arrays = sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in self.key)
        same = sql.SQL(" AND ").join(
            sql.SQL("v.{0} = k.{0}").format(Identifier(each)) for each in self.key
        )
        return sql.SQL(
            "SELECT {} FROM unnest({}) AS k ({}) CROSS JOIN LATERAL "
            "(SELECT v.* FROM {} v WHERE {} OFFSET 0) AS v"
        ).format(
            sql.SQL(", ").join(sql.SQL("v.{}").format(Identifier(each)) for each in self.fields),
            arrays,
            names(self.key),
            self.name,
            same,
        )

    def upsert(self) -> Composed:
        marks = sql.SQL(", ").join(sql.SQL("%s") for _ in self.fields)
        return sql.SQL("INSERT INTO {} ({}) VALUES ({}) {}").format(
            self.name, self.all_fields, marks, self.on_conflict()
        )


@cache
def described(projection: Projection) -> Table:
    fields: tuple[str, ...] = projection.row._fields
    hints = get_type_hints(projection.row)
    kinds = [kind_of(hints[field]) for field in fields]
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(Identifier(field), sql.SQL(_TYPES.get(kind, _TEXT)))
        for field, kind in zip(fields, kinds, strict=True)
    )
    return Table(
        name=Identifier(f"view_{projection.name}"),
        key=fields[: projection.key_length],
        fields=fields,
        row=projection.row,
        columns=columns,
        encoders=tuple((i, _ENCODERS[kind]) for i, kind in enumerate(kinds) if kind in _ENCODERS),
        decoders=tuple((i, kind) for i, kind in enumerate(kinds) if kind not in _AS_THEY_ARE),
        choosers=frozenset(field for field in fields if chooses(hints[field])),
        indexes=tuple(_index(projection, field) for field in projection.indexed),
        staging=Identifier(f"staged_{projection.name}_{projection.version}"),
    )


_ENCODERS: Mapping[type[Any], Convert] = {dict: Jsonb, tuple: list}
_AS_THEY_ARE = {datetime, bool, int, dict, str}


def _index(projection: Projection, field: str) -> Composed:
    name = Identifier(f"view_{projection.name}")
    return sql.SQL("CREATE INDEX {} ON {} ({})").format(
        index_of(projection, field), name, Identifier(field)
    )


def index_of(projection: Projection, field: str) -> Identifier:
    return Identifier(f"view_{projection.name}_{field}")


def chosen(
    table: Table, prefix: Sequence[str], equal: Mapping[str, str | bool]
) -> tuple[Composed, list[str | bool]]:
    """The condition that chooses these rows, and its values."""
    asked = {**dict(zip(table.key, prefix, strict=False)), **equal}
    for column in asked:
        if column not in table.choosers:
            raise ValueError(f"{table.name.as_string(None)} has no column {column} to choose by")
    conditions = [sql.SQL("{} = %s").format(Identifier(column)) for column in asked]
    where = sql.SQL("WHERE {}" if asked else "").format(sql.SQL(" AND ").join(conditions))
    return where, list(map(asked_value, asked.values()))


def names(of: Iterable[str]) -> Composed:
    return sql.SQL(", ").join(map(Identifier, of))
