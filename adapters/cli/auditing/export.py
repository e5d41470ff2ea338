"""Every event of the history in a file, for programs and analysts that do not know our formats."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.auditing.reading import open_source, reading
from adapters.composition.programs import store_files
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.options import Store
from adapters.screen.output import fail, say
from adapters.screen.output_files import OutputFileError, OutputRefused, appearing, require_free
from adapters.screen.progress import progress
from adapters.settings.loading import load_settings
from engine.audit.source import facts
from events.catalogue import CATALOGUE
from events.recorded import Recorded
from events.vocabulary import instant_text

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 50_000
"""Rows of Parquet in memory at once."""


class Format(StrEnum):
    JSONL = "jsonl"
    PARQUET = "parquet"


def command(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    format_: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.JSONL,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    store: Store = None,
) -> None:
    """Write every event, with its envelope, to a file of JSON lines or Parquet."""
    write = write_jsonl if format_ is Format.JSONL else write_parquet
    with reading(f"Stopped. {out} was not written."), _told():
        require_free(out, in_use=store_files(load_settings(store=store)), force=force)
        with open_source(store) as source:
            with progress("Writing", source.end) as bar, appearing(out, force=force) as file:
                count = write(facts(source, progress=bar), file)
            say(f"Wrote {count:,} events to {out}.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors of the output file into an exit with a sentence."""
    try:
        yield
    except OutputFileError as error:
        fail(str(error), EXIT_UNREADABLE if isinstance(error, OutputRefused) else EXIT_FAILED)


def write_jsonl(recorded: Iterable[Recorded], file: IO[bytes]) -> int:
    """Write one JSON object per line, in order of position. Answers the number of events."""
    count = 0
    for fact in recorded:
        file.write(_line(fact))
        count += 1
    return count


def write_parquet(recorded: Iterable[Recorded], file: IO[bytes]) -> int:
    """Write the same columns; times are instants in UTC, ``data`` is JSON as text. Answers the
    number of events."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = schema()
    count = 0
    with parquet.ParquetWriter(file, columns, compression="zstd") as writer:
        for rows in _groups(recorded):
            turned = dict(zip(columns.names, zip(*rows, strict=True), strict=True))
            arrays = [
                pa.array(turned[name], type=kind)
                for name, kind in zip(columns.names, columns.types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=columns))
            count += len(rows)
    return count


def schema() -> "pa.Schema":
    """The columns of the Parquet file."""
    import pyarrow as pa

    text, instant = pa.string(), pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            pa.field("position", pa.int64(), nullable=False),
            pa.field("workspace", text, nullable=False),
            pa.field("stream", text, nullable=False),
            pa.field("version", pa.int64(), nullable=False),
            pa.field("type", text, nullable=False),
            pa.field("occurred_at", instant, nullable=False),
            pa.field("recorded_at", instant, nullable=False),
            pa.field("actor", text, nullable=False),
            pa.field("command", text, nullable=False),
            pa.field("command_id", text, nullable=False),
            pa.field("event_id", text, nullable=False),
            pa.field("correlation_id", text, nullable=False),
            pa.field("causation_id", text),
            pa.field("data", text, nullable=False),
        ]
    )


def _values(fact: Recorded) -> tuple[Any, ...]:
    """The event's values in the order of the schema."""
    envelope = fact.envelope
    topic, state = CATALOGUE.encode(fact.event)
    return (
        fact.position,
        envelope.workspace,
        fact.stream_id,
        fact.version,
        topic,
        fact.event.occurred_at,
        envelope.recorded_at,
        envelope.actor,
        envelope.command,
        envelope.command_id,
        fact.event_id,
        envelope.correlation_id,
        envelope.causation_id,
        state.decode(),
    )


COLUMNS = (
    "position",
    "workspace",
    "stream",
    "version",
    "type",
    "occurred_at",
    "recorded_at",
    "actor",
    "command",
    "command_id",
    "event_id",
    "correlation_id",
    "causation_id",
)


def _line(fact: Recorded) -> bytes:
    *values, data = _values(fact)
    told = dict(zip(COLUMNS, values, strict=True))
    told["occurred_at"] = instant_text(told["occurred_at"])
    told["recorded_at"] = instant_text(told["recorded_at"])
    head = json.dumps(told, ensure_ascii=False)
    return f'{head[:-1]}, "data": {data}}}\n'.encode()


def _groups(recorded: Iterable[Recorded]) -> Iterator[list[tuple[Any, ...]]]:
    values = map(_values, recorded)
    while rows := list(islice(values, ROW_GROUP)):
        yield rows
