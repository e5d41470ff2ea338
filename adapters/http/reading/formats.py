"""Rows as CSV or Parquet, in constant memory."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import IO, Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from adapters.csv.rejected_lines import harmless
from adapters.stores.row_types import kind_of
from engine.answers.telling.rows import plain

ROW_GROUP = 20_000
"""Rows that are in memory at once while Parquet is written."""
PIECE = 1 << 16
"""Octets."""


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = MappingProxyType(
    {
        Format.JSON: "application/json",
        Format.CSV: "text/csv",
        Format.PARQUET: "application/vnd.apache.parquet",
    }
)
Columns = Mapping[str, Any]
"""Annotations of the values, by name of the column."""


def write_csv(columns: Columns, lines: Iterable[Sequence[Any]], file: IO[bytes]) -> None:
    """Write CSV. What a spreadsheet would execute is made harmless; lists and maps are JSON."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(map(_cells, lines))
    text.flush()
    text.detach()


def write_parquet(columns: Columns, lines: Iterable[Sequence[Any]], file: IO[bytes]) -> None:
    """Write rows as Parquet. Times are instants in UTC; lists and maps are JSON as text."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {int: pa.int64(), bool: pa.bool_(), datetime: pa.timestamp("us", tz="UTC")}
    schema = pa.schema(
        [pa.field(name, kinds.get(kind_of(hint), pa.string())) for name, hint in columns.items()]
    )
    everything = iter(lines)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(everything, ROW_GROUP)):
            turned = zip(schema, zip(*group, strict=True), strict=True)
            arrays = [pa.array(map(_value, values), field.type) for field, values in turned]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


class Sent(StreamingResponse):
    """Sends a file from its beginning, and closes it however the request ends."""

    def __init__(self, file: IO[bytes], name: str, media_type: str) -> None:
        file.seek(0)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(iter(partial(file.read, PIECE), b""), 200, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _cells(line: Sequence[Any]) -> list[str]:
    return [_cell(each) for each in line]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return harmless(str(plain(value)))


def _value(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value
