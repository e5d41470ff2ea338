"""The PostgreSQL store: each workspace under its own lock, the log in one order.

A transaction takes two round trips. The first locks the workspace and brings all that it begins
with; the second appends, commits, and waits for the disk when everybody else may go on. What was
decided from memory takes one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import local
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor, sql
from psycopg.rows import tuple_row
from psycopg.sql import Identifier
from psycopg_pool import PoolTimeout

from adapters.stores.named_sql import for_psycopg
from adapters.stores.postgres.append import timer_of, timer_values
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.entries import PostgresEntries
from adapters.stores.postgres.erasing import write_anew
from adapters.stores.postgres.errors import explained
from adapters.stores.postgres.migrating import migrate, schema_state
from adapters.stores.postgres.optimistic import UnmovedAppends
from adapters.stores.postgres.recorder import SQL, PostgresLedgerRecorder
from adapters.stores.postgres.workspace_transaction import (
    Entered,
    EnteredWorkspaces,
    Looked,
    looked_at,
)
from engine.ports.clock import Clock
from engine.ports.errors import NoSchema, NoStore, ReadOnlyStore, StoreUnavailable
from engine.ports.log import Page, Row
from engine.ports.maintenance import Indexes
from engine.ports.optimistic import Proposal
from events.recorded import Envelope
from processors.timers import Timer


class PostgresStore(PostgresEntries):
    """A store in one schema of a database; ``url`` is libpq's, ``lock_timeout`` in seconds.

    The database's clock is the store's; ``clock`` replaces it where time is told. Makes the schema
    where it is empty (``create``). ``read_only`` can change nothing of it, and a standby will do.
    Raises ``StoreError`` for a database that cannot be reached, a
    schema that is another's, or one that this program must not use. Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        clock: Clock | None = None,
        *,
        lock_timeout: float = 30,
        pool_size: int = 1,
        pool_max: int = 20,
        create: bool = True,
        read_only: bool = False,
    ) -> None:
        self.url = url
        self.read_only = read_only
        self.when_lost: Callable[[], object] = lambda: None
        """Called whenever a connection is lost: the server may come back as another one (M6)."""
        self._moment = local()
        self._clock = clock
        self.datastore = LedgerDatastore(
            url,
            lock_timeout=lock_timeout,
            pool_size=pool_size,
            pool_max=pool_max,
            read_only=read_only,
        )
        self.name = self.datastore.name
        self.unmoved = UnmovedAppends(self)
        try:
            with self.explained():
                self.datastore.probe()
                self._open(create=create and not read_only)
                self.recorder = PostgresLedgerRecorder(self.datastore)
        except BaseException:
            self.datastore.close()
            raise

    def _open(self, *, create: bool) -> None:
        with self.reading() as cursor:
            found = cursor.execute("SELECT current_schema()").fetchone()
        if found is None or found[0] is None:
            raise NoSchema(store=self.name)
        self.datastore.schema = found[0]
        there = schema_state(self.datastore)
        if there is None:
            if not create:
                raise NoStore(store=self.name)
            migrate(self.datastore)
        else:
            there.require_fit(self.name)

    def now(self) -> datetime:
        told = self.told_now()
        if told is not None:
            return told
        moment: datetime = self._value("now")
        self.unmoved.clock.heard(moment)
        return moment

    def told_now(self) -> datetime | None:
        """None where the database's clock is the store's."""
        return self._clock() if self._clock is not None else None

    @contextmanager
    def look(self, workspace: str) -> Iterator[Looked]:
        with self.explained(), self.connection() as connection:
            looked = looked_at(connection, workspace, self.told_now())
            self.unmoved.clock.heard(looked.now)
            with self._everything_by(connection):
                yield looked

    @contextmanager
    def transaction(self, workspace: str, command_ids: Sequence[str] = ()) -> Iterator[Entered]:
        with self._entered({workspace: command_ids}, patient=True) as opened:
            yield opened[workspace]

    @contextmanager
    def transactions(self, asked: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Entered]]:
        with self._entered(asked, patient=False) as opened:
            yield opened

    def moment(self) -> datetime | None:
        """Of the engine's ``OptimisticAppends``."""
        return self.unmoved.moment()

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        """Likewise."""
        return self.unmoved.append(now, proposals) if proposals else ()

    def read(self, after: int, limit: int) -> Page:
        """No crash takes back what was read: a position names the same event for ever."""
        with self.explained(), self.reading(binary=True) as cursor:
            return self._page(cursor, after, limit)

    def _page(self, c: Cursor[Any], after: int, limit: int) -> Page:
        rows: list[Row] = c.execute(SQL["read_log"], (after, limit)).fetchall()
        if not rows:
            return Page([], [])
        c.execute(SQL["envelopes_between"], (rows[-1][0], rows[0][0]))
        return self._on_disk(c, Page(rows, list(map(Envelope._make, c.fetchall()))))

    def _on_disk(self, c: Cursor[Any], page: Page) -> Page:
        if not self.read_only:
            c.execute(SQL["seen_on_disk"])
        return page

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        with self.explained(), self.reading() as cursor:
            cursor.execute(SQL["envelope_of_command"], (workspace, command_id))
            found = cursor.fetchone()
        return Envelope._make(found) if found else None

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        with self.explained(), self.reading() as cursor:
            found = cursor.execute(SQL["envelopes_of"], (workspace, after, limit)).fetchall()
        return list(map(Envelope._make, found))

    def last_position(self) -> int:
        return int(self._value("last_position"))

    def announced_position(self) -> int:
        return int(self._value("announced_position"))

    def last_position_until(self, at: datetime) -> int:
        with self.explained(), self.reading() as cursor:
            found = cursor.execute(SQL["last_position_until"], {"at": at}).fetchone()
        return int(found[0]) if found else 0

    def stream(self, stream_id: str, until: int) -> Page:
        with self.explained(), self.reading(binary=True) as c:
            rows: list[Row] = c.execute(SQL["stream_until"], (stream_id, until)).fetchall()
            c.execute(SQL["envelopes_of_stream"], (stream_id, until))
            return self._on_disk(c, Page(rows, list(map(Envelope._make, c.fetchall()))))

    def workspaces(self) -> Sequence[str]:
        with self.explained(), self.reading() as cursor:
            return [row[0] for row in cursor.execute(SQL["workspaces"])]

    def next_due(self) -> datetime | None:
        moment: datetime | None = self._value("next_due")
        return moment

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        with self.explained(), self.reading() as cursor:
            return [row[0] for row in cursor.execute(SQL["due_workspaces"], (until,))]

    def save_snapshot(self, snapshot: StoredEvent) -> None:
        values = (
            snapshot.originator_id,
            snapshot.originator_version,
            snapshot.topic,
            snapshot.state,
        )
        with self.explained(), self.writing() as cursor:
            cursor.execute(SQL["save_snapshot"], values)

    def snapshots(self) -> Sequence[StoredEvent]:
        with self.explained(), self.reading(binary=True) as cursor:
            return [StoredEvent(*row) for row in cursor.execute(SQL["all_snapshots"])]

    def indexes(self) -> Indexes:
        with self.explained(), self.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=tuple_row)
            cursor.execute(SQL["of_one_moment"])
            (end,) = cursor.execute(SQL["last_position"]).fetchall()[0]
            timers = [(row[0], timer_of(row[1:])) for row in cursor.execute(SQL["all_timers"])]
            roster = cursor.execute(SQL["all_roster"]).fetchall()
            due: dict[str, datetime] = dict(cursor.execute(SQL["all_due"]).fetchall())
        return Indexes(end, timers, roster, due)

    def anywhere_on_roster(self, entry: str) -> bool:
        with self.explained(), self.reading() as cursor:
            found = cursor.execute(SQL["anywhere_on_roster"], (entry,)).fetchone()
        return found == (True,)

    def reach_disk(self) -> None:
        if not self.read_only:
            with self.explained(), self.reading() as cursor:
                cursor.execute(SQL["on_disk"])

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        with self.explained(), self.writing() as cursor:
            cursor.execute(SQL["lock_indexes"])
            cursor.execute(SQL["clear_timers"])
            cursor.execute(SQL["clear_roster"])
            with cursor.copy(SQL["copy_timers"]) as copy:
                for workspace, timer in timers:
                    copy.write_row((workspace, *timer_values(timer)))
            with cursor.copy(SQL["copy_roster"]) as copy:
                for entry in roster:
                    copy.write_row(entry)
            cursor.execute(SQL["add_workspaces_of_timers"])
            cursor.execute(SQL["derive_next_due"])

    def close(self) -> None:
        self.unmoved.close()
        self.datastore.close()

    @contextmanager
    def _everything_by(self, connection: Connection[Any]) -> Iterator[None]:
        """In the block, whatever this thread reads of a read-only store is of one moment."""
        if not self.read_only:
            yield
            return
        self._moment.connection = connection
        try:
            yield
        finally:
            self._moment.connection = None

    @contextmanager
    def of_one_moment(self, tables: Sequence[Identifier]) -> Iterator[None]:
        """In the block, what this thread reads of a read-only store is so; these tables stay."""
        with self.connection() as connection, connection.transaction():
            connection.execute(SQL["of_one_moment"])
            for each in tables:
                connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(each))
            with self._everything_by(connection):
                yield

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """One of the pool; each statement is a transaction of its own, but within a look."""
        held: Connection[Any] | None = getattr(self._moment, "connection", None)
        if held is not None:
            yield held
            return
        self.datastore.pool.open()
        with self.datastore.pool.connection() as connection:
            yield connection

    def portable(self, path: Path) -> Mapping[str, str]:
        return for_psycopg(path)

    def stored(self, value: Any) -> Any:
        return value

    @contextmanager
    def erasing(self, table: str, made_by: Sequence[str]) -> Iterator[Cursor[Any]]:  # noqa: ARG002 by a migration
        """A write transaction, after which the table has no trace of the rows deleted in it.

        Raises ``TracesRemain``.
        """
        with self.writing() as c:
            yield c
        write_anew(self.writing, self.name, table)

    def has_table(self, name: str) -> bool:  # noqa: ARG002 a store without a step is not opened
        return True

    @contextmanager
    def reading(self, *, binary: bool = False) -> Iterator[Cursor[Any]]:
        """Of plain tuples; each statement is a transaction of its own."""
        with self.connection() as connection:
            yield connection.cursor(binary=binary, row_factory=tuple_row)

    @contextmanager
    def writing(self) -> Iterator[Cursor[Any]]:
        """A transaction that is committed at the end and on the disk then.

        Raises ``ReadOnlyStore``.
        """
        if self.read_only:
            raise ReadOnlyStore(store=self.name)
        with self.connection() as connection, connection.transaction():
            yield connection.cursor(row_factory=tuple_row)

    @contextmanager
    def _entered(
        self, asked: Mapping[str, Sequence[str]], *, patient: bool
    ) -> Iterator[dict[str, Entered]]:
        if self.read_only:
            raise ReadOnlyStore(store=self.name)
        with self.explained(), self.connection() as connection:
            now = self.told_now()
            entry = EnteredWorkspaces(connection, asked, patient=patient, told_now=now)
            for each in entry.opened.values():
                self.unmoved.clock.heard(each.now)
            yield entry.opened
            entry.commit()

    def _value(self, name: str) -> Any:
        with self.explained(), self.reading() as cursor:
            found = cursor.execute(SQL[name]).fetchone()
        return found[0] if found else None

    @contextmanager
    def explained(self) -> Iterator[None]:
        try:
            with explained(self.name):
                yield
        except StoreUnavailable:
            self.drop_lost_connections()
            raise

    def drop_lost_connections(self) -> None:
        """So that nobody gets one of the pool who asks when the server is back."""
        self.when_lost()
        if not self.datastore.pool.closed:
            with suppress(psycopg.Error, PoolTimeout):
                self.datastore.pool.check()
