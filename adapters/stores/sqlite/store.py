"""The embedded store: one SQLite file, one writer at a time, any number of readers."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteCursor

from adapters.stores.clocks import system_clock
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import embedded, embedded_value, statements
from adapters.stores.sqlite.append import envelope_of, timer_of, timer_values
from adapters.stores.sqlite.connections import ReadingConnections, WritingConnections, connected
from adapters.stores.sqlite.entries import SQLiteEntries
from adapters.stores.sqlite.erasing import write_anew, zero_what_is_freed
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.recorder import SQL, SQLiteLedgerRecorder
from adapters.stores.sqlite.workspace_transaction import Entered, Looked
from engine.ports.clock import Clock
from engine.ports.errors import EmptyDatabase, NoStore, OtherProgram, StoreError, VersionTooNew
from engine.ports.log import Page, Row
from engine.ports.maintenance import Indexes, earliest
from engine.work.ports import TracesRemain
from events.recorded import Envelope
from processors.timers import Timer

STORE_VERSION = 3


class SQLiteStore(SQLiteEntries):
    """A store in one file. ``clock`` is the store's clock; ``lock_timeout`` in seconds.

    ``create`` makes one where there is none; ``read_only`` can change nothing of it. Raises
    ``StoreError`` for a file that is none of ours, or was written by a newer Sendledger.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock = system_clock,
        lock_timeout: float = 30,
        *,
        create: bool = True,
        read_only: bool = False,
    ) -> None:
        self.path = path
        self.name = str(path)
        self._clock = clock
        self._connections: WritingConnections | ReadingConnections
        if self._is_ours(lock_timeout, read_only=read_only):
            kind = ReadingConnections if read_only else WritingConnections
            self._connections = kind(path, lock_timeout)
            self._complete()
        elif read_only or not create:
            raise (EmptyDatabase if path.is_file() else NoStore)(store=path)
        else:
            self._connections = self._made(lock_timeout)

    @property
    def read_only(self) -> bool:
        return self._connections.read_only

    def _is_ours(self, lock_timeout: float, *, read_only: bool) -> bool:
        """Looks without touching: the library's connections change a file's journal mode."""
        if not self.path.is_file():
            return False
        how = "mode=ro" if read_only else "mode=rw"
        with (
            self.explained(),
            closing(connected(self.path, how, lock_timeout)) as connection,
            closing(connection.cursor()) as c,
        ):
            return self._is_known(c)

    def _complete(self) -> None:
        """With what a store lacks that an older program made."""
        if self.read_only:
            return
        try:
            self.give_entries()
            self._raise_version()
        except BaseException:
            self.close()
            raise

    def _raise_version(self) -> None:
        """Version 2: a workspace's roster lists all its campaigns. Version 3: rows of the directory
        have a salt."""
        if self._value("store_version") == STORE_VERSION:
            return
        is_unsalted = self.has_table("directory")
        with self.explained(), self.writing() as c:
            version = c.execute(SQL["store_version"]).fetchone()[0]
            if version < 2:
                c.execute(SQL["enrol_campaigns"])
            if version < STORE_VERSION and is_unsalted:
                c.execute(SQL["salt_directory"])
            c.execute(SQL["raise_store_version"], (STORE_VERSION,))

    def _made(self, lock_timeout: float) -> WritingConnections:
        """Others may be making it too, and one of them changes the journal's mode: try again."""
        deadline = time.monotonic() + lock_timeout
        while True:
            try:
                return self._made_once(lock_timeout)
            except StoreError as error:
                if "locked" not in str(error.__cause__) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _made_once(self, lock_timeout: float) -> WritingConnections:
        made = WritingConnections(self.path, lock_timeout)
        try:
            with self.explained(), made.writing() as c:
                if not self._is_known(c):
                    SQLiteLedgerRecorder(made.datastore)._create_table(SQLiteCursor(c))  # noqa: SLF001 in our transaction
                    c.execute(SQL["set_store_version"], (STORE_VERSION,))
                    self._give_entries(c)
        except BaseException:
            made.close()
            raise
        return made

    def _is_known(self, c: Cursor) -> bool:
        """False for a database without any table. Raises ``StoreError`` for one none of ours."""
        tables = {row[0] for row in c.execute(SQL["tables"]).fetchall()}
        if not tables:
            return False
        if "store_info" not in tables:
            raise OtherProgram(store=self.path, advice="Name another file.")
        version = c.execute(SQL["store_version"]).fetchone()[0]
        if version > STORE_VERSION:
            raise VersionTooNew(store=self.path, version=version, known=STORE_VERSION)
        return True

    def now(self) -> datetime:
        return self._clock()

    def portable(self, path: Path) -> Mapping[str, str]:
        return {name: embedded(text) for name, text in statements(path).items()}

    def stored(self, value: Any) -> Any:
        return embedded_value(value)

    def has_table(self, name: str) -> bool:
        with self.explained(), self.reading() as c:
            return c.execute(SQL["has_table"], (name,)).fetchone() is not None

    @contextmanager
    def look(self, workspace: str) -> Iterator[Looked]:
        with self.explained(), self.reading() as c:
            yield Looked(c, workspace, self._clock())

    @contextmanager
    def transaction(self, workspace: str, command_ids: Sequence[str] = ()) -> Iterator[Entered]:
        with self.transactions({workspace: command_ids}) as opened:
            yield opened[workspace]

    @contextmanager
    def transactions(self, asked: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Entered]]:
        with self.explained(), self.writing() as c:
            now = self._clock()
            yield {each: Entered(c, each, now, ids) for each, ids in asked.items()}

    def read(self, after: int, limit: int) -> Page:
        with self.explained(), self.reading() as c:
            return self._page(c, after, limit)

    def _page(self, c: Cursor, after: int, limit: int) -> Page:
        c.execute(SQL["read_log"], (after, limit))
        rows: list[Row] = c.fetchall()
        if not rows:
            return Page([], [])
        c.execute(SQL["envelopes_between"], (rows[-1][0], rows[0][0]))
        return Page(rows, list(map(envelope_of, c.fetchall())))

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        with self.explained(), self.reading() as c:
            c.execute(SQL["envelope_of_command"], (workspace, command_id))
            found = c.fetchone()
        return envelope_of(found) if found else None

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        with self.explained(), self.reading() as c:
            found = c.execute(SQL["envelopes_of"], (workspace, after, limit)).fetchall()
        return list(map(envelope_of, found))

    def last_position(self) -> int:
        return int(self._value("last_position"))

    def announced_position(self) -> int:
        return int(self._value("announced_position"))

    def last_position_until(self, at: datetime) -> int:
        return int(self._value("last_position_until", to_micros(at)))

    def stream(self, stream_id: str, until: int) -> Page:
        with self.explained(), self.reading() as c:
            rows: list[Row] = c.execute(SQL["stream_until"], (stream_id, until)).fetchall()
            c.execute(SQL["envelopes_of_stream"], (stream_id, until))
            return Page(rows, list(map(envelope_of, c.fetchall())))

    def workspaces(self) -> Sequence[str]:
        with self.explained(), self.reading() as c:
            c.execute(SQL["workspaces"])
            return [row[0] for row in c.fetchall()]

    def next_due(self) -> datetime | None:
        due = self._value("next_due")
        return None if due is None else from_micros(due)

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        with self.explained(), self.reading() as c:
            c.execute(SQL["due_workspaces"], (to_micros(until),))
            return [row[0] for row in c.fetchall()]

    def save_snapshot(self, snapshot: StoredEvent) -> None:
        stream_id, version = str(snapshot.originator_id), snapshot.originator_version
        with self.explained(), self.writing() as c:
            c.execute(SQL["save_snapshot"], (stream_id, version, snapshot.topic, snapshot.state))

    def snapshots(self) -> Sequence[StoredEvent]:
        with self.explained(), self.reading() as c:
            return [StoredEvent(*row) for row in c.execute(SQL["all_snapshots"])]

    def indexes(self) -> Indexes:
        with self.explained(), self.reading() as c:
            end: int = c.execute(SQL["last_position"]).fetchone()[0]
            timers = [(row[0], timer_of(row[1:])) for row in c.execute(SQL["all_timers"])]
            roster = c.execute(SQL["all_roster"]).fetchall()
        return Indexes(end, timers, roster, earliest(timers))

    def anywhere_on_roster(self, entry: str) -> bool:
        return bool(self._value("anywhere_on_roster", entry))

    def reach_disk(self) -> None:
        """Every commit is on the disk before anybody can read it."""

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        rows = [timer_values(workspace, timer) for workspace, timer in timers]
        with self.explained(), self.writing() as c:
            c.execute(SQL["clear_timers"])
            c.execute(SQL["clear_roster"])
            c.executemany(SQL["set_timer"], rows)
            c.executemany(SQL["enrol"], list(roster))

    def close(self) -> None:
        self._connections.close()

    def checkpoint_is_hindered(self) -> bool:
        """Empties the write-ahead log; True where somebody reads it, so that it stays."""
        assert isinstance(self._connections, WritingConnections)
        with self._connections.outside_of_a_transaction() as c:
            return bool(c.execute(SQL["empty_the_write_ahead_log"]).fetchone()[0])

    @contextmanager
    def erasing(self, table: str, made_by: Sequence[str]) -> Iterator[Cursor]:
        """A write transaction, after which the table has no trace of the rows deleted in it.

        Raises ``TracesRemain`` where somebody reads the write-ahead log.
        """
        with self.writing() as c:
            zero_what_is_freed(c)
            yield c
            write_anew(c, table, made_by)
        if self.checkpoint_is_hindered():
            raise TracesRemain(store=self.name)

    def writing(self) -> AbstractContextManager[Cursor]:
        """A write transaction. Raises ``ReadOnlyStore``."""
        return self._connections.writing()

    def reading(self) -> AbstractContextManager[Cursor]:
        """What is read in the block is of one moment."""
        return self._connections.reading()

    def explained(self) -> AbstractContextManager[None]:
        """Errors of the product become ``StoreError``."""
        return explained(self.name)

    def _value(self, name: str, *values: Any) -> Any:
        with self.explained(), self.reading() as c:
            return c.execute(SQL[name], values).fetchone()[0]
