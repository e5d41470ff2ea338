"""The embedded store: one SQLite file, one writer at a time, any number of readers."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor
from threading import RLock
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore

from adapters.stores.clocks import system_clock
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.recorder import (
    SQL,
    SQLiteLedgerRecorder,
    envelope_of,
    timer_of,
    timer_values,
)
from adapters.stores.sqlite.workspace_transaction import Entered, Looked
from engine.ports.clock import Clock
from engine.ports.errors import StoreError
from engine.ports.log import Page, Row
from engine.ports.maintenance import Indexes, earliest
from events.recorded import Envelope
from processors.timers import Timer

STORE_VERSION = 1


class SQLiteStore:
    """A store in one file. ``clock`` is the store's clock; ``lock_timeout`` in seconds.

    Raises ``StoreError`` for a file that is none of ours, or was written by a newer Sendledger.
    """

    def __init__(self, path: Path, clock: Clock = system_clock, lock_timeout: int = 30) -> None:
        self.path = path
        self._clock = clock
        self._lock_timeout = lock_timeout
        self._writer = RLock()
        """Threads take turns here; SQLite's own lock is for other processes."""
        self.datastore = SQLiteDatastore(
            str(path), lock_timeout=lock_timeout, originator_id_type="text"
        )
        self.recorder = SQLiteLedgerRecorder(self.datastore)
        try:
            with self._explained():
                self._open()
        except BaseException:
            self.datastore.close()
            raise

    def _open(self) -> None:
        if self.path.is_file() and self._is_ours():
            return
        with self.writing() as c:
            if not self._known(c):
                self.recorder._create_table(SQLiteCursor(c))  # noqa: SLF001 in our transaction
                c.execute(SQL["set_store_version"], (STORE_VERSION,))

    def _is_ours(self) -> bool:
        """Looks without touching: the library's connections change a file's journal mode."""
        with (
            closing(sqlite3.connect(self.path, timeout=self._lock_timeout)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            return self._known(cursor)

    def _known(self, c: Cursor) -> bool:
        """False for a database without any table. Raises ``StoreError`` for one none of ours."""
        c.execute(SQL["tables"])
        tables = {row[0] for row in c.fetchall()}
        if not tables:
            return False
        if "store_info" not in tables:
            raise StoreError(f"{self.path} is a database of another program. Name another file.")
        c.execute(SQL["store_version"])
        version = c.fetchone()[0]
        if version > STORE_VERSION:
            raise StoreError(
                f"{self.path} has store version {version}; this program knows {STORE_VERSION}. "
                "Upgrade Sendledger."
            )
        return True

    def now(self) -> datetime:
        return self._clock()

    @contextmanager
    def look(self, workspace: str) -> Iterator[Looked]:
        with self._explained(), self.reading() as c:
            yield Looked(c, workspace, self._clock())

    @contextmanager
    def transaction(self, workspace: str, command_ids: Sequence[str] = ()) -> Iterator[Entered]:
        with self.transactions({workspace: command_ids}) as opened:
            yield opened[workspace]

    @contextmanager
    def transactions(self, asked: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Entered]]:
        with self._explained(), self.writing() as c:
            now = self._clock()
            yield {each: Entered(c, each, now, self.recorder) for each in asked}

    def read(self, after: int, limit: int) -> Page:
        with self._explained(), self.reading() as c:
            c.execute(SQL["read_log"], (after, limit))
            rows: list[Row] = c.fetchall()
            if not rows:
                return Page([], [])
            c.execute(SQL["envelopes_between"], (rows[-1][0], rows[0][0]))
            return Page(rows, list(map(envelope_of, c.fetchall())))

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        with self._explained(), self.reading() as c:
            c.execute(SQL["envelope_of_command"], (workspace, command_id))
            found = c.fetchone()
        return envelope_of(found) if found else None

    def last_position(self) -> int:
        return int(self._value("last_position") or 0)

    def workspaces(self) -> Sequence[str]:
        with self._explained(), self.reading() as c:
            c.execute(SQL["workspaces"])
            return [row[0] for row in c.fetchall()]

    def next_due(self) -> datetime | None:
        due = self._value("next_due")
        return None if due is None else from_micros(due)

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        with self._explained(), self.reading() as c:
            c.execute(SQL["due_workspaces"], (to_micros(until),))
            return [row[0] for row in c.fetchall()]

    def save_snapshot(self, snapshot: StoredEvent) -> None:
        stream_id, version = str(snapshot.originator_id), snapshot.originator_version
        with self._explained(), self.writing() as c:
            c.execute(SQL["save_snapshot"], (stream_id, version, snapshot.topic, snapshot.state))

    def snapshots(self) -> Sequence[StoredEvent]:
        with self._explained(), self.reading() as c:
            return [StoredEvent(*row) for row in c.execute(SQL["all_snapshots"])]

    def indexes(self) -> Indexes:
        with self._explained(), self.reading() as c:
            end: int = c.execute(SQL["last_position"]).fetchone()[0]
            timers = [(row[0], timer_of(row[1:])) for row in c.execute(SQL["all_timers"])]
            roster = c.execute(SQL["all_roster"]).fetchall()
        return Indexes(end, timers, roster, earliest(timers))

    def reach_disk(self) -> None:
        """Every commit is on the disk before anybody can read it."""

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        rows = [timer_values(workspace, timer) for workspace, timer in timers]
        with self._explained(), self.writing() as c:
            c.execute(SQL["clear_timers"])
            c.execute(SQL["clear_roster"])
            c.executemany(SQL["set_timer"], rows)
            c.executemany(SQL["enrol"], list(roster))

    def close(self) -> None:
        self.datastore.close()

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """A write transaction that holds the file's lock from its first statement on."""
        with (
            self._writer,
            self.datastore.get_connection(commit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.row_factory = None
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with (
            self.datastore.get_connection(commit=False) as connection,
            connection.cursor() as cursor,
        ):
            cursor.row_factory = None
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                connection.rollback()

    def _value(self, name: str) -> Any:
        with self._explained(), self.reading() as c:
            c.execute(SQL[name])
            return c.fetchone()[0]

    def _explained(self) -> Any:
        return explained(str(self.path))
