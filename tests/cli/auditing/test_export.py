"""The whole log in a file that needs nothing of ours to be read."""

import json
import os
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from adapters.cli.auditing import export
from adapters.cli.auditing.export import schema, write_jsonl, write_parquet
from adapters.cli.auditing.reading import open_source
from engine.audit.source import facts
from events.catalogue import CATALOGUE
from events.recorded import Recorded
from events.vocabulary import instant_text
from tests.cli.auditing.door import busy_store, replay
from tests.duck import asked


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_store(tmp_path_factory.mktemp("export") / "sendledger.db")


@pytest.fixture(scope="module")
def log(store: Path) -> list[Recorded]:
    with open_source(store) as source:
        return list(facts(source))


def row(fact: Recorded) -> dict[str, Any]:
    topic, state = CATALOGUE.encode(fact.event)
    envelope = fact.envelope
    return {
        "position": fact.position,
        "workspace": fact.workspace,
        "stream": fact.stream_id,
        "version": fact.version,
        "type": topic,
        "occurred_at": instant_text(fact.event.occurred_at),
        "recorded_at": instant_text(envelope.recorded_at),
        "actor": envelope.actor,
        "command": envelope.command,
        "command_id": envelope.command_id,
        "event_id": fact.event_id,
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "data": json.loads(state),
    }


def test_json_lines_hold_every_event_and_can_be_read_back(
    store: Path, log: list[Recorded], tmp_path: Path
) -> None:
    out = tmp_path / "events.jsonl"

    ran = replay("export", "--format", "jsonl", "--out", out, "--store", store)

    assert ran.exit_code == 0
    assert "Wrote 88 events" in ran.output
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert lines == [row(fact) for fact in log]
    assert [*lines[0]] == schema().names
    for line, fact in zip(lines, log, strict=True):
        data = json.dumps(line["data"]).encode()
        assert CATALOGUE.decode(line["type"], data, "export") == fact.event
    assert os.listdir(tmp_path) == ["events.jsonl"]  # noqa: PTH208


@pytest.mark.parametrize("group", [1, 10, 50_000])
def test_parquet_holds_the_same_for_duckdb(
    store: Path, log: list[Recorded], tmp_path: Path, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "events.parquet"
    monkeypatch.setattr(export, "ROW_GROUP", group)

    assert replay("export", "--format", "parquet", "--out", out, "--store", store).exit_code == 0

    file = parquet.ParquetFile(out)
    assert file.schema_arrow.equals(schema())
    assert file.num_row_groups == -(-len(log) // group)
    names = ", ".join(
        f"epoch_us({name})" if name.endswith("_at") else name for name in schema().names
    )
    found = asked(f"SELECT {names} FROM '{out}' ORDER BY position", out.parent)  # noqa: S608
    told = [dict(zip(schema().names, values, strict=True)) for values in found]
    for each, fact in zip(told, log, strict=True):
        times = {
            "occurred_at": int(fact.event.occurred_at.timestamp() * 1_000_000),
            "recorded_at": int(fact.envelope.recorded_at.timestamp() * 1_000_000),
        }
        assert {**each, "data": json.loads(each["data"])} == {**row(fact), **times}


def test_a_file_that_is_there_is_only_replaced_by_force(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    out.write_text("mine")

    ran = replay("export", "--out", out, "--store", store)
    assert ran.exit_code == 2
    assert "--force" in ran.complaint
    assert out.read_text() == "mine"

    assert replay("export", "--out", out, "--store", store, "--force").exit_code == 0
    assert len(out.read_text().splitlines()) == 88


def test_a_file_that_cannot_be_written_gets_one_line(store: Path, tmp_path: Path) -> None:
    ran = replay("export", "--out", tmp_path / "nowhere" / "events.jsonl", "--store", store)
    assert ran.exit_code == 1
    assert "cannot be written: No such file" in ran.complaint
    assert ran.complaint.count("\n") == 1


@pytest.mark.parametrize("write", [write_jsonl, write_parquet])
def test_memory_does_not_grow_with_the_log(
    log: list[Recorded], write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROW_GROUP", 1_000)

    def many(count: int) -> Iterator[Recorded]:
        def endless() -> Iterator[Recorded]:
            while True:
                yield from log

        return islice(endless(), count)

    def peak(count: int) -> int:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            tracemalloc.start()
            write(many(count), nowhere)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(1_000)
    assert peak(30_000) < 1.5 * peak(3_000) + 200_000


@pytest.mark.parametrize("beside", ["", "-wal", "-shm", "-journal", ".serve"])
def test_the_store_and_what_lies_beside_it_is_never_replaced(store: Path, beside: str) -> None:
    before = store.read_bytes()
    out = store.with_name(f"{store.name}{beside}")

    ran = replay("export", "--out", out, "--store", store, "--force")

    assert ran.exit_code == 2
    assert "in use" in ran.complaint
    assert store.read_bytes() == before


@pytest.mark.parametrize("how", ["symlink_to", "hardlink_to"])
def test_the_store_is_never_replaced_by_another_name(store: Path, tmp_path: Path, how: str) -> None:
    out = tmp_path / "events.jsonl"
    getattr(out, how)(store)

    ran = replay("export", "--out", out, "--store", store, "--force")

    assert ran.exit_code == 2
    assert "in use" in ran.complaint
