"""Stores made before there were entries get theirs; whoever writes numbers in order of commits."""

import json
import random
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.migrating import known, migrate
from adapters.stores.sqlite import SQLiteStore
from engine.ports.errors import WithoutEntries
from engine.ports.store import Store
from tests.stores.contract.entries import derived, told
from tests.stores.contract.words import SPRING, put, rows
from tests.workplace import ACME

BEFORE_ENTRIES = 5
"""The last step of a PostgreSQL store that knows of none."""
OF_THE_FILE = (
    "DROP TRIGGER number_envelopes_without_events",
    "DROP TABLE envelopes_without_events",
    "DROP TABLE store_identity",
    "DROP TABLE generations",
)
EVENT = (
    "INSERT INTO stored_events VALUES ('acme:campaign:spring', {p}, 'RecipientAdded', '{{}}'{more})"
)
ENVELOPE = (
    "INSERT INTO envelopes VALUES "
    "('{id}', 'Start', '{workspace}', {at}, 'user:test', '{id}', NULL, {first}, {count}, NULL)"
)
OF_BEFORE = [
    # command id, workspace, recorded at, first position, events
    ("c1", "acme", 10, 1, 2),
    ("z-late", "acme", 40, 3, 0),
    ("b-early", "beta", 20, 3, 0),
    ("a-second", "beta", 30, 3, 0),
    ("b-third", "acme", 30, 3, 0),
    ("a-third", "acme", 30, 3, 0),
    ("c2", "acme", 50, 3, 1),
    ("last", "beta", 60, 4, 0),
    ("first", "beta", 5, 1, 0),
]
THEIR_ORDER = [
    *("first", "1", "2", "b-early", "a-third", "b-third", "a-second", "z-late", "3", "last"),
]


def statements_of_before(*, postgres: bool) -> Iterator[str]:
    for position in (1, 2, 3):
        yield EVENT.format(p=position, more=f", {position}" if postgres else "")
    for command_id, workspace, at, first, count in OF_BEFORE:
        moment = f"to_timestamp({at})" if postgres else at * 1_000_000
        yield ENVELOPE.format(
            id=command_id, workspace=workspace, at=moment, first=first, count=count
        )


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """As an older program left it."""
    path = tmp_path / "sendledger.db"
    SQLiteStore(path).close()
    with closing(sqlite3.connect(path)) as file, file:
        for each in (*OF_THE_FILE, *statements_of_before(postgres=False)):
            file.execute(each)
    return path


@pytest.fixture
def old_database(postgres_url: str) -> str:
    """As an older program left it."""
    migrated(postgres_url, BEFORE_ENTRIES)
    with psycopg.connect(postgres_url) as database:
        for each in statements_of_before(postgres=True):
            database.execute(each.encode())
    return postgres_url


def migrated(url: str, until: int) -> None:
    with closing(LedgerDatastore(url, lock_timeout=30, pool_size=1, pool_max=1)) as datastore:
        migrate(datastore, known()[:until])


def assert_upgraded(store: Store) -> None:
    assert told(store) == THEIR_ORDER
    assert store.last_entry() == len(THEIR_ORDER) - 1
    assert store.identity.generation == 1
    assert store.generations()[0][:3] == (1, 0, 1)
    put(store, "nothing-more")
    put(store, "c3", *rows(SPRING, 4))
    assert told(store) == [*THEIR_ORDER, "nothing-more", "4"]
    assert store.unnumbered_envelopes() == 0


def test_a_file_of_before_gets_its_entries_once_when_it_is_opened_to_be_written(
    old_file: Path,
) -> None:
    with closing(SQLiteStore(old_file)) as store:
        assert_upgraded(store)
        identity = store.identity
    with closing(SQLiteStore(old_file)) as again:
        assert again.identity == identity
        assert told(again) == [*THEIR_ORDER, "nothing-more", "4"]


def test_a_file_of_before_that_is_only_read_says_what_it_lacks(old_file: Path) -> None:
    with closing(SQLiteStore(old_file, read_only=True)) as store:
        assert store.last_position() == 3
        for ask in (
            lambda: store.identity,
            lambda: store.entries(-1, 1),
            store.last_entry,
            store.generations,
        ):
            with pytest.raises(WithoutEntries, match="made by an older program"):
                ask()
        SQLiteStore(old_file).close()
        assert told(store) == THEIR_ORDER


def test_many_who_open_a_file_of_before_at_once_number_it_once(old_file: Path) -> None:
    together = threading.Barrier(8)

    def open_it(_: int) -> str:
        together.wait()
        with closing(SQLiteStore(old_file)) as store:
            return store.identity.store_id

    with ThreadPoolExecutor(8) as threads:
        assert len({*threads.map(open_it, range(8))}) == 1
    with closing(SQLiteStore(old_file)) as store:
        assert_upgraded(store)


def test_what_an_older_program_writes_to_an_upgraded_file_is_numbered(old_file: Path) -> None:
    SQLiteStore(old_file).close()
    with closing(sqlite3.connect(old_file)) as older, older:
        for command_id, first, count in (("n1", 4, 0), ("n2", 4, 0), ("c3", 4, 1), ("n3", 5, 0)):
            older.execute(
                ENVELOPE.format(id=command_id, workspace="acme", at=70, first=first, count=count)
            )
        older.execute(EVENT.format(p=4, more=""))

    with closing(SQLiteStore(old_file)) as store:
        assert told(store) == [*THEIR_ORDER, "n1", "n2", "4", "n3"]


def test_a_database_of_before_gets_its_entries_by_a_step(old_database: str) -> None:
    migrated(old_database, len(known()))

    with closing(PostgresStore(old_database)) as store:
        assert_upgraded(store)


def test_older_programs_that_write_while_the_step_goes_in_number_from_then_on(
    postgres_url: str,
) -> None:
    migrated(postgres_url, BEFORE_ENTRIES)
    begun, done = threading.Barrier(5), threading.Event()

    def older_program(name: int) -> int:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            append(connection, f"{name}-begun", 0)
            begun.wait()
            written = 1
            while not done.is_set():
                append(connection, f"{name}-{written}", written % 3)
                written += 1
            append(connection, f"{name}-end", 0)
            return written + 1

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(older_program, each) for each in range(4)]
        begun.wait()
        migrated(postgres_url, len(known()))
        done.set()
        written = sum(each.result() for each in running)

    with closing(PostgresStore(postgres_url)) as store:
        found = store.entries(-1, 1_000_000)
        assert len({each.envelope.command_id for each in found}) == written
        assert len(found) == store.last_entry() + 1
        assert store.unnumbered_envelopes() == 0


def append(connection: psycopg.Connection[tuple[object, ...]], command_id: str, count: int) -> None:
    """By the function that every program calls: so many events."""
    envelope = [command_id, "Start", ACME, "2026-03-02T12:00:00Z", "user:test", command_id, None]
    connection.execute(
        "SELECT stored_events_append(%s::text[], %s::bigint[], %s::text[], %s::bytea[], %s)",
        (
            [f"acme:campaign:{command_id}"] * count,
            [*range(1, count + 1)],
            ["RecipientAdded"] * count,
            [b"{}"] * count,
            json.dumps({"envelopes": [[*envelope, 1, count, None]], "workspaces": []}),
        ),
    )


Seen = tuple[int, str, str, int | None]
"""Entry, workspace, command and position."""


def seen_by(store: Store, after: int, limit: int) -> list[Seen]:
    return [
        (number, envelope.workspace, envelope.command_id, row and row[0])
        for number, envelope, row in store.entries(after, limit)
    ]


@pytest.mark.parametrize("product", ["sqlite", "postgresql"])
def test_writers_side_by_side_leave_no_gap_and_readers_see_a_prefix(
    product: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "sendledger.db"
    url = request.getfixturevalue("postgres_url") if product == "postgresql" else ""
    opened = [PostgresStore(url) if url else SQLiteStore(path) for _ in range(5)]
    *writers, reader = opened
    done = threading.Event()

    def write(name: int) -> None:
        chance, version = random.Random(name), 0
        for number in range(60):
            count = chance.choice([0, 0, 1, 3])
            events = rows(f"w{name}:campaign:spring", *range(version + 1, version + 1 + count))
            put(writers[name], f"{number}", *events, workspace=f"w{name}")
            version += count

    def follow() -> list[Seen]:
        seen = list[Seen]()
        while True:
            finished = done.is_set()
            seen += seen_by(reader, len(seen) - 1, 17)
            if finished and len(seen) == reader.last_entry() + 1:
                return seen

    with ThreadPoolExecutor(5) as threads:
        following = threads.submit(follow)
        list(threads.map(write, range(4)))
        done.set()
        seen = following.result()

    assert [each[0] for each in seen] == list(range(len(seen)))
    assert seen_by(reader, -1, 1_000_000) == seen
    order = [f"{workspace}/{command}" for _, workspace, command, row in seen if row is None]
    expected = [(number, command, row) for number, _, command, row in seen]
    assert derived(reader, order) == expected
    for name in range(4):
        own = [int(command) for _, workspace, command, _ in seen if workspace == f"w{name}"]
        assert own == sorted(own)
        assert {*own} == {*range(60)}
    for each in opened:
        each.close()
