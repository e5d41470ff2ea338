"""An embedded store opened to be read only: nothing that is done here can change a byte of it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adapters.stores.named_sql import statements
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.recorder import SQL, envelope_of
from adapters.stores.sqlite.store import STORE_VERSION
from adapters.stores.sqlite.views import _described, _where
from engine.ports.errors import NoStore, StoreError
from engine.ports.log import Page
from events.recorded import Envelope
from projections.projection import Projection

OWN_SQL = statements(Path(__file__).with_name("reader.sql"))


class SQLiteReader:
    """The log and the views as they stand in the file. Not to be shared between threads.

    ``end`` is the log's last position when it was opened; what is appended later is not read, so
    that one command sees one history; ``announced`` is the last position that an envelope speaks
    of, which is the same unless the log was cut off. ``lock_timeout`` in seconds. Raises
    ``StoreError`` for a file that is none of ours, or was written by a newer Sendledger.
    """

    def __init__(self, path: Path, lock_timeout: float = 30) -> None:
        self.path = path
        self.name = str(path)
        if not path.is_file():
            raise NoStore(store=path)
        with self._explained():
            self._connection = _connected(path, lock_timeout)
        try:
            with self._explained():
                self._refuse_what_is_not_ours()
                with self._moment():
                    self.end = int(self._first(SQL["last_position"])[0])
                    self.announced = int(self._first(OWN_SQL["announced"])[0])
        except BaseException:
            self._connection.close()
            raise

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position, none after ``end``."""
        limit = min(limit, self.end - after)
        if limit <= 0:
            return Page([], [])
        with self._explained(), self._moment():
            rows = self._all(SQL["read_log"], after, limit)
            if not rows:
                return Page([], [])
            between = self._all(SQL["envelopes_between"], rows[-1][0], rows[0][0])
        return Page(rows, list(map(envelope_of, between)))

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """In what came the events of that command; None for one that was never recorded."""
        with self._explained():
            found = self._first(SQL["envelope_of_command"], workspace, command_id)
        return envelope_of(found) if found else None

    def places(self, stream_id: str) -> Sequence[tuple[int, str]]:
        """Position and topic of each event of one stream."""
        with self._explained():
            return self._all(OWN_SQL["places"], stream_id, self.end)

    def last_position(self) -> int:
        return self.end

    def workspaces(self) -> Sequence[str]:
        with self._explained():
            return [row[0] for row in self._all(SQL["workspaces"])]

    def view_position(self, projection: Projection) -> int:
        """How far the stored view has come, 0 for none or for rows of another version."""
        with self._explained():
            return int(self._first(OWN_SQL["view_position"], projection.tracking_name)[0])

    def view_rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        """As ``Views.rows``; none where the view was never built."""
        if self.view_position(projection) == 0:
            return []
        table = _described(projection)
        where, values = _where(table, prefix, equal)
        order = ", ".join(table.key)
        select = f"SELECT {table.columns} FROM {table.name} {where} ORDER BY {order}"  # noqa: S608
        with self._explained():
            return list(map(table.decode, self._all(select, *values)))

    def close(self) -> None:
        self._connection.close()

    def _refuse_what_is_not_ours(self) -> None:
        tables = {row[0] for row in self._all(SQL["tables"])}
        if not tables:
            raise StoreError(f"{self.path} is an empty database, no store. Name another file.")
        if "store_info" not in tables:
            raise StoreError(f"{self.path} is a database of another program. Name another file.")
        version = self._first(SQL["store_version"])[0]
        if version > STORE_VERSION:
            raise StoreError(
                f"{self.path} has store version {version}; this program knows {STORE_VERSION}. "
                "Upgrade Sendledger."
            )

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """What is read in here is of one moment."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def _all(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def _first(self, statement: str, *values: Any) -> Any:
        return self._connection.execute(statement, values).fetchone()

    def _explained(self) -> Any:
        return explained(self.name)


def _connected(path: Path, lock_timeout: float) -> sqlite3.Connection:
    """Read-only; as immutable where even the write-ahead log's index may not be made beside it."""
    try:
        return _opened(path, "mode=ro", lock_timeout)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or path.with_name(f"{path.name}-wal").exists():
            raise
        return _opened(path, "immutable=1", lock_timeout)


def _opened(path: Path, how: str, lock_timeout: float) -> sqlite3.Connection:
    url = f"file:{quote(str(path.absolute()))}?{how}"
    connection = sqlite3.connect(url, uri=True, timeout=lock_timeout, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection
