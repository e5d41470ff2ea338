"""The store's schema, step by step: numbered files, applied once, in order, all or nothing.

A file says in its head when it goes in (``before`` the code that needs it, or ``after`` no older
program runs any more) and what ``older programs`` do after it: ``work``, or ``are refused``. A
store remembers that of each step, so that a program which does not know a step knows what to do.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from adapters.stores.postgres.datastore import LedgerDatastore
from engine.ports.errors import OtherProgram, StoreLacksSteps, StoreTooNew

FOLDER = Path(__file__).with_name("migrations")
_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_HEAD = re.compile(r"-- when: (before|after)\n-- older programs: (work|are refused)\n")

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.migrations', 0))"
_TABLE = """CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    older_programs text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""
_TABLES = """SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"""
_APPLIED = "SELECT number, name, older_programs FROM migrations ORDER BY number"
_REMEMBER = "INSERT INTO migrations (number, name, older_programs) VALUES (%s, %s, %s)"


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Migration(NamedTuple):
    number: int
    name: str
    when: When
    older_programs: str
    sql: str


class Applied(NamedTuple):
    number: int
    name: str
    older_programs: str


class SchemaState(NamedTuple):
    """What a store has and what this program knows."""

    applied: Sequence[Applied]
    missing: Sequence[Migration]
    """Known here, not yet there."""
    unknown: Sequence[Applied]
    """There, not known here: a newer program put them in."""

    def require_fit(self, store: str) -> None:
        """Raises ``StoreTooNew`` or ``StoreLacksSteps`` when this program must not use it."""
        self.require_known(store)
        for step in self.missing:
            if step.when is When.BEFORE:
                raise StoreLacksSteps(store=store, number=step.number, name=step.name)

    def require_known(self, store: str) -> None:
        """Raises ``StoreTooNew``; steps may be missing."""
        for step in self.unknown:
            if step.older_programs == "are refused":
                raise StoreTooNew(store=store, number=step.number, name=step.name)


def known(folder: Path = FOLDER) -> Sequence[Migration]:
    """In order. Raises ``ValueError`` for a file whose name or head is none, or a gap."""
    found = [_read(path) for path in sorted(folder.glob("*.sql"))]
    if [each.number for each in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations in {folder} are not numbered 1, 2, 3, …")
    return found


def _read(path: Path) -> Migration:
    name, text = _NAME.fullmatch(path.name), path.read_text(encoding="utf-8")
    head = _HEAD.match(text)
    if name is None or head is None:
        raise ValueError(f"{path.name} is no migration: see the docstring of {__name__}")
    return Migration(int(name[1]), name[2].replace("_", " "), When(head[1]), head[2], text)


def schema_state(
    datastore: LedgerDatastore, migrations: Sequence[Migration] | None = None
) -> SchemaState | None:
    """None for a schema without any table. Raises ``StoreError`` for one that is another's."""
    with datastore.transaction() as cursor:
        return schema_state_of(cursor, known() if migrations is None else migrations)


def migrate(
    datastore: LedgerDatastore,
    migrations: Sequence[Migration] | None = None,
    *,
    whens: Sequence[When] = (When.BEFORE, When.AFTER),
) -> Sequence[Migration]:
    """Apply what is missing, in one transaction. Answers what that was.

    Two programs at once: the second waits and finds nothing to do. Raises ``StoreError`` for a
    schema that is another's, or was made by a newer program that refuses this one.
    """
    migrations = known() if migrations is None else migrations
    with datastore.get_connection() as connection, connection.transaction():
        cursor = connection.cursor(row_factory=tuple_row)
        cursor.execute(_LOCK)
        found = schema_state_of(cursor, migrations)
        if found is None:
            cursor.execute(_TABLE)
            found = SchemaState((), migrations, ())
        found.require_known(datastore.name)
        chosen = [each for each in found.missing if each.when in whens]
        for each in chosen:
            _apply(connection, each)
        return chosen


def _apply(connection: Connection[Any], migration: Migration) -> None:
    connection.execute(migration.sql)
    connection.execute(_REMEMBER, (migration.number, migration.name, migration.older_programs))


NAME_ANOTHER = (
    "Name a database of its own, or a schema with ?options=-csearch_path%3Dsendledger after the "
    "URL."
)


def schema_state_of(cursor: Cursor[Any], migrations: Sequence[Migration]) -> SchemaState | None:
    """As ``schema_state``, by a connection of one's own."""
    cursor.row_factory = tuple_row
    tables = {row[0] for row in cursor.execute(_TABLES).fetchall()}
    if not tables:
        return None
    if "migrations" not in tables:
        raise OtherProgram(store="The schema", advice=NAME_ANOTHER)
    applied = [Applied(*row) for row in cursor.execute(_APPLIED).fetchall()]
    there, here = {each.number for each in applied}, {each.number for each in migrations}
    return SchemaState(
        applied=applied,
        missing=[each for each in migrations if each.number not in there],
        unknown=[each for each in applied if each.number not in here],
    )
