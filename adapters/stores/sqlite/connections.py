"""Connections to one file: by the library's pool; or by our own, which cannot change a byte."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection, Cursor
from threading import RLock, local
from urllib.parse import quote

from eventsourcing.sqlite import SQLiteDatastore

from engine.ports.errors import ReadOnlyStore

# Both are bound as they are, anyway; but without an adapter the driver first raises and drops an
# AttributeError for each value, which took three times as long as to bind it.
sqlite3.register_adapter(type(None), {None: None}.get)
sqlite3.register_adapter(bytes, bytes)


class WritingConnections:
    """One writer at a time, any number of readers. ``lock_timeout`` in seconds."""

    read_only = False

    def __init__(self, path: Path, lock_timeout: float) -> None:
        self.datastore = SQLiteDatastore(
            str(path), lock_timeout=round(lock_timeout), originator_id_type="text"
        )
        self._writer = RLock()
        """Threads take turns here; SQLite's own lock is for other processes."""

    @contextmanager
    def outside_of_a_transaction(self) -> Iterator[Cursor]:
        with (
            self.datastore.get_connection(commit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.row_factory = None
            yield cursor

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
        """What is read in the block is of one moment."""
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

    def close(self) -> None:
        self.datastore.close()


class ReadingConnections:
    """Nothing that is done by these can change a byte of the file."""

    read_only = True

    def __init__(self, path: Path, lock_timeout: float) -> None:
        self._path = path
        self._lock_timeout = lock_timeout
        self._idle: deque[Connection] = deque()
        self._moment = local()

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        raise ReadOnlyStore(store=str(self._path))
        yield

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """What is read in the block is of one moment, and so is what is read in a block within."""
        outer: Connection | None = getattr(self._moment, "connection", None)
        if outer is not None:
            with closing(outer.cursor()) as cursor:
                yield cursor
            return
        connection = self._idle.pop() if self._idle else self._connected()
        try:
            self._moment.connection = connection
            with closing(connection.execute("BEGIN")) as cursor:
                yield cursor
        finally:
            self._moment.connection = None
            connection.rollback()
            self._idle.append(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _connected(self) -> Connection:
        connection = connected(self._path, "mode=ro", self._lock_timeout)
        connection.execute("PRAGMA query_only = ON")
        return connection


def connected(path: Path, how: str, lock_timeout: float) -> Connection:
    """By our own ways: ``mode=ro`` or ``mode=rw``, and no transaction but those that we begin.

    To be read, a file is taken as immutable where even the write-ahead log's index may not be made
    beside it.
    """
    try:
        return _opened(path, how, lock_timeout)
    except sqlite3.OperationalError as error:
        logged = path.with_name(f"{path.name}-wal").exists()
        if how != "mode=ro" or "locked" in str(error) or logged:
            raise
        return _opened(path, "immutable=1", lock_timeout)


def _opened(path: Path, how: str, lock_timeout: float) -> Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{how}",
        uri=True,
        timeout=lock_timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection
