"""What an archive should hold, and what a reader of Parquet finds in it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import dataset, parquet

from engine.stream.cloud_events import Teller
from tests.stream.ledger import Ledger
from tests.stream.told import headers_of


class Row(NamedTuple):
    source: str
    entry: int
    position: int
    id: str
    type: str
    workspace: str
    subject: str
    stream_version: int
    occurred_at: datetime
    recorded_at: datetime
    command_id: str
    command: str
    correlation_id: str
    causation_id: str | None
    actor: str
    data: str
    day: date


def rows(directory: Path) -> list[Row]:
    """In order of entry; as one dataset."""
    by_day = dataset.partitioning(pa.schema([("day", pa.date32())]), flavor="hive")
    found = dataset.dataset(directory, partitioning=by_day).to_table().sort_by("entry")
    return [Row(**each) for each in found.to_pylist()]


def events(ledger: Ledger) -> list[Row]:
    """Every event of the store's log."""
    teller = Teller(ledger.opened.store.identity)
    found = []
    for entry in ledger.entries():
        if entry.row is None:
            continue
        headers, envelope = headers_of(teller.record(entry)), entry.envelope
        position, stream, version, _, state = entry.row
        recorded_at = envelope.recorded_at.astimezone(UTC)
        found.append(
            Row(
                source=ledger.source,
                entry=entry.number,
                position=position,
                id=headers["ce_id"],
                type=headers["ce_type"],
                workspace=envelope.workspace,
                subject=stream,
                stream_version=version,
                occurred_at=datetime.fromisoformat(headers["ce_time"]),
                recorded_at=recorded_at,
                command_id=envelope.command_id,
                command=envelope.command,
                correlation_id=envelope.correlation_id,
                causation_id=envelope.causation_id,
                actor=envelope.actor,
                data=state.decode(),
                day=recorded_at.date(),
            )
        )
    return found


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("day=*/*.parquet"))


def count(directory: Path) -> int:
    return sum(int(parquet.read_metadata(each).num_rows) for each in files(directory))


def said(path: Path) -> Any:
    """What a file says of itself."""
    return json.loads(parquet.read_metadata(path).metadata[b"sendledger"])
