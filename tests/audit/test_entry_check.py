"""The numbering of what came to nothing is compared with the log, and every difference is told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from engine.audit.entry_check import check_entries
from engine.ports.clock import ManualClock
from tests.law.story import NOON
from tests.stores.contract.entries import random_history

Stored = SQLiteStore | PostgresStore


@pytest.fixture(params=["sqlite", "postgresql"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stored]:
    clock = ManualClock(NOON)
    opened: Stored
    if request.param == "sqlite":
        opened = SQLiteStore(tmp_path / "sendledger.db", clock)
    else:
        opened = PostgresStore(request.getfixturevalue("postgres_url"), clock)
    random_history(opened, 1)
    yield opened
    opened.close()


def change(store: Stored, statement: str) -> None:
    """Behind the program's back."""
    if isinstance(store, SQLiteStore):
        with closing(sqlite3.connect(store.path)) as file, file:
            file.execute(statement)
    else:
        with psycopg.connect(store.url) as database:
            database.execute(statement)


def test_nothing_is_found_where_everything_is_right(busy: Stored) -> None:
    assert list(check_entries(busy)) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM envelopes_without_events WHERE number = 3", "has no entry"),
        ("UPDATE envelopes_without_events SET number = -number WHERE number = 3", "has no entry"),
        ("UPDATE envelopes_without_events SET entry = entry + 1000 WHERE number = 3", "no entry"),
        ("UPDATE envelopes_without_events SET command_id = 'x' WHERE number = 3", "envelope 3"),
        ("DELETE FROM envelopes WHERE event_count = 0", "envelope 1 without events is none"),
        ("UPDATE envelopes SET first_position = 9 WHERE event_count = 0", "by its position"),
        ("DELETE FROM stored_events WHERE {position} = 2", "has no e"),
        ("DELETE FROM stored_events WHERE {position} > 5", "has no entry"),
        ("DELETE FROM envelopes_without_events WHERE number > {last} - 2", "of the log: 2."),
        ("DELETE FROM envelopes WHERE event_count > 0", "came in no envelope"),
        (
            "UPDATE envelopes_without_events SET entry = 1000000 WHERE number = {last}",
            "has no entry",
        ),
    ],
)
def test_what_is_numbered_wrongly_is_told(busy: Stored, statement: str, told: str) -> None:
    position = "rowid" if isinstance(busy, SQLiteStore) else "notification_id"
    last = busy.last_entry() + 1 - busy.last_position()
    change(busy, statement.format(position=position, last=last))

    (said,) = check_entries(busy)

    assert told in said
