"""How the rows of a projection stand in the embedded store: a table each, columns as the fields."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.row_types import Convert, row_type
from adapters.stores.sqlite.append import ROWS_AT_ONCE
from adapters.stores.view_rows import ViewTable
from projections.projection import Projection


@dataclass(frozen=True, kw_only=True)
class Table(ViewTable):
    """How rows of one projection are written and read."""

    create: str
    fetch: str
    upsert: str
    upserts: str
    """The same of ``ROWS_AT_ONCE`` rows."""


@cache
def described(projection: Projection) -> Table:
    found = row_type(projection, _encoder, _decoder)
    name = f"view_{projection.name}"
    columns, key = ", ".join(found.fields), ", ".join(found.key)
    marks = ", ".join("?" * len(found.fields))
    same_key = " AND ".join(f"{field} = ?" for field in found.key)
    upsert = f"INSERT OR REPLACE INTO {name} VALUES ({marks})"  # noqa: S608
    return Table(
        view=name,
        type=found,
        mark="?",
        create=f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID",
        fetch=f"SELECT {columns} FROM {name} WHERE {same_key}",  # noqa: S608
        upsert=upsert,
        upserts=upsert + f", ({marks})" * (ROWS_AT_ONCE - 1),
    )


def _encoder(kind: type[Any]) -> Convert | None:
    if issubclass(kind, StrEnum):
        return str
    return _ENCODERS.get(kind)


def _decoder(kind: type[Any]) -> Convert | None:
    if issubclass(kind, StrEnum):
        return kind
    return _DECODERS.get(kind)


def _to_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


_ENCODERS: Mapping[type[Any], Convert] = {
    datetime: to_micros,
    dict: _to_json,
    tuple: _to_json,
    bool: int,
}
_DECODERS: Mapping[type[Any], Convert] = {
    datetime: from_micros,
    dict: json.loads,
    tuple: lambda text: tuple(json.loads(text)),
    bool: {0: False, 1: True}.__getitem__,
}
