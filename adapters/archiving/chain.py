"""A partition's files, one after another: each begins at the offset at which the one before ends.

A file's name says where it begins, and its content where it ends. So the last file says where to
continue; data and position appear in one step, and there is no second file from the same offset.
The day in the name follows from the first record, which is the same for every reader.
"""

import json
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import parquet

from adapters.archiving.columns import SCHEMA
from adapters.archiving.files import publish, reach_disk
from adapters.kafka.consumer.consumer import Refused
from adapters.kafka.consumer.inbox import Partition, Place

KEY = b"sendledger"
"""The key in a file's metadata: ``Link`` as JSON."""
OFFSET = "[0-9]" * 20


class Link(NamedTuple):
    """What a file says about itself. ``passed_over``: offsets without a row, and why."""

    topic: str
    topic_id: str
    partition: int
    first_offset: int
    next_offset: int
    last_entry: int
    passed_over: list[tuple[int, str]]


def end_of(root: Path, partition: Partition) -> Place | None:
    """Where to continue; None before the first file. Raises ``Refused`` and ``OSError``."""
    files = root.glob(f"day=*/{_stem(partition)}{OFFSET}.parquet")
    last = max(files, key=lambda each: each.name, default=None)
    if last is None:
        return None
    reach_disk(root, last.parent)
    link = _link(last)
    return Place(link.next_offset, link.last_entry)


def append(root: Path, day: date, link: Link, rows: list[pa.RecordBatch]) -> None:
    """Write the next file. Raises ``FileExistsError`` if another process has done so."""
    told = {KEY: json.dumps(link._asdict())}
    table = pa.Table.from_batches(rows, SCHEMA).replace_schema_metadata(told)
    name = f"{_stem((link.topic, link.partition))}{link.first_offset:020}.parquet"
    publish(
        *(root, f"day={day.isoformat()}/{name}"),
        lambda file: parquet.write_table(table, file, compression="zstd"),
    )


def _stem(partition: Partition) -> str:
    topic, number = partition
    return f"{topic}-{number}-"


def _link(path: Path) -> Link:
    try:
        with path.open("rb") as file:
            return Link(**json.loads(parquet.read_metadata(file).metadata[KEY]))
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(
            f"Nothing more is archived: {path} is no file of an archive ({error!r}). Put it away; "
            "what it should hold is then written anew."
        ) from error
