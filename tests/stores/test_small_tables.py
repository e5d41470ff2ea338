"""A small table on both products: the same statements, the same rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.relay_mark import StoredMark
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from adapters.stores.small_tables.tool_calls import StoredToolCalls
from adapters.stores.sqlite import SQLiteStore
from engine.ports.errors import StoreError
from engine.stream.log_sink import Relayed, Topic
from engine.work.tool_calls import Called

SQL = Path(__file__).parents[2] / "adapters" / "stores" / "small_tables" / "relay_mark.sql"
TOLD = {"topic": "events", "topic_id": "t-1"}


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TableStore]:
    if request.param == "sqlite":
        embedded = SQLiteStore(tmp_path / "ledger.db")
        yield embedded
        embedded.close()
    else:
        served = PostgresStore(request.getfixturevalue("postgres_url"))
        yield served
        served.close()


def test_a_table_that_nobody_wrote_to_has_no_rows(store: TableStore) -> None:
    assert SmallTable(store, SQL).rows("read") == []


def test_what_one_wrote_another_reads(store: TableStore) -> None:
    written = Relayed(Topic("events", "t-1"), 7)
    StoredMark(store).write(written)
    assert StoredMark(store).read() == written


def test_a_write_tells_how_many_rows_it_changed(store: TableStore) -> None:
    table = SmallTable(store, SQL)
    assert [table.write("write", entry=each, **TOLD) for each in (1, 2)] == [1, 1]
    assert table.write("forget") == 1
    assert table.write("forget") == 0


def test_a_change_that_fails_leaves_nothing(store: TableStore) -> None:
    table = SmallTable(store, SQL)
    with pytest.raises(StoreError):
        write_one_and_fail(table)
    assert table.rows("read") == []


def write_one_and_fail(table: SmallTable) -> None:
    with table.changing() as change:
        change("write", entry=1, **TOLD)
        change("write", entry=2, topic="events", topic_id=None)


def test_an_embedded_store_that_may_only_be_read_answers_without_the_table(tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "ledger.db").close()
    store = SQLiteStore(tmp_path / "ledger.db", read_only=True)
    try:
        assert StoredMark(store).read() is None
    finally:
        store.close()


def test_calls_of_tools_are_numbered_and_told_by_workspace(store: TableStore) -> None:
    calls = StoredToolCalls(store, store.now)
    assert calls.recorded("acme", 0, 10) == []
    first = Called("mcp:ann", "acme", "why", "{}", "answered", "spring", "r1")
    for each in (first, first._replace(workspace="other"), first._replace(tool="now")):
        calls.record(each)
    assert [(each.number, each.tool) for each in calls.recorded("acme", 0, 10)] == [
        (1, "why"),
        (3, "now"),
    ]
    assert [each.number for each in calls.recorded("acme", 1, 10)] == [3]
    assert len(calls.recorded("acme", 0, 1)) == 1
