"""A PostgreSQL store opened to be read only: nothing that is done here can change anything of it.

A standby will do.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row
from psycopg.sql import Identifier

from adapters.stores.named_sql import statements
from adapters.stores.postgres.datastore import CONNECT_TIMEOUT, KEEPALIVE, named, parameters
from adapters.stores.postgres.errors import explained
from adapters.stores.postgres.migrating import known, schema_state_of
from adapters.stores.postgres.recorder import SQL
from adapters.stores.postgres.tables import chosen, described
from engine.ports.errors import NoStore, StoreUnavailable
from engine.ports.log import Page, Row
from events.recorded import Envelope
from projections.projection import Projection

OWN_SQL = statements(Path(__file__).with_suffix(".sql"))


class PostgresReader:
    """The log and the views as they stand in one schema. Not to be shared between threads.

    ``end`` is the log's last position when it was opened; what is appended later is not read, so
    that one command sees one history; ``announced`` is the last position that an envelope speaks
    of, which is the same unless the log was cut off. ``lock_timeout`` in seconds. Raises
    ``StoreError`` for a schema that is none of ours, or that this program must not use, and
    ``StoreUnavailable`` for a server that cannot be reached.
    """

    def __init__(self, url: str, lock_timeout: float = 30) -> None:
        self.url = url
        self.name = named(parameters(url))
        self._connection = self._connected()
        try:
            with explained(self.name):
                self._all(OWN_SQL["for_reading_only"], f"{round(lock_timeout * 1000)}ms")
                self._refuse_what_is_not_ours()
                self.end, self.announced = map(int, self._first(OWN_SQL["ends"]))
        except BaseException:
            self._connection.close()
            raise

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position, none after ``end``."""
        limit = min(limit, self.end - after)
        if limit <= 0:
            return Page([], [])
        with explained(self.name):
            rows: list[Row] = self._all(SQL["read_log"], after, limit)
            if not rows:
                return Page([], [])
            between = self._all(SQL["envelopes_between"], rows[-1][0], rows[0][0])
        return Page(rows, list(map(Envelope._make, between)))

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """In what came the events of that command; None for one that was never recorded."""
        with explained(self.name):
            found = self._first(SQL["envelope_of_command"], workspace, command_id)
        return Envelope._make(found) if found else None

    def places(self, stream_id: str) -> Sequence[tuple[int, str]]:
        """Position and topic of each event of one stream."""
        with explained(self.name):
            return self._all(OWN_SQL["places"], stream_id, self.end)

    def last_position(self) -> int:
        return self.end

    def last_position_until(self, at: datetime) -> int:
        """The last position whose facts were recorded at or before that time; 0 for none.

        Before it there may be facts of other workspaces that were recorded later.
        """
        with explained(self.name):
            found = self._cursor().execute(OWN_SQL["last_position_until"], {"at": at}).fetchone()
        return min(int(found[0]), self.end) if found else 0

    def workspaces(self) -> Sequence[str]:
        with explained(self.name):
            return [row[0] for row in self._all(SQL["workspaces"])]

    def view_position(self, projection: Projection) -> int:
        """How far the stored view has come, 0 for none or for rows of another version."""
        with explained(self.name):
            return int(self._first(OWN_SQL["view_position"], projection.tracking_name)[0])

    def view_rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        """As ``Views.rows``; none where the view was never built."""
        table = described(projection)
        where, values = chosen(table, prefix, equal)
        select = sql.SQL("SELECT {} FROM {} {} ORDER BY {}").format(
            table.all_fields, table.name, where, sql.SQL(", ").join(map(Identifier, table.key))
        )
        with explained(self.name), self._connection.transaction():
            if self.view_position(projection) == 0:
                return []
            return list(map(table.decode, self._cursor().execute(select, values).fetchall()))

    def close(self) -> None:
        self._connection.close()

    def _connected(self) -> Connection[Any]:
        settings: dict[str, Any] = {
            **KEEPALIVE,
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": "sendledger reader",
            **parameters(self.url),
        }
        try:
            return psycopg.connect(**settings, autocommit=True)
        except psycopg.OperationalError as error:
            said = " ".join(str(error).split())
            raise StoreUnavailable(
                f"The store {self.name} cannot be reached ({said}). Is the server running?"
            ) from error

    def _refuse_what_is_not_ours(self) -> None:
        there = None
        if self._first(OWN_SQL["schema"])[0] is not None:
            there = schema_state_of(self._connection.cursor(), known())
        if there is None:
            raise NoStore(store=self.name)
        there.require_fit(self.name)

    def _cursor(self) -> psycopg.Cursor[Any]:
        return self._connection.cursor(binary=True, row_factory=tuple_row)

    def _all(self, statement: str, *values: Any) -> list[Any]:
        """Prepared: a page of the log is read a fifth quicker."""
        return self._cursor().execute(statement, values, prepare=True).fetchall()

    def _first(self, statement: str, *values: Any) -> Any:
        return self._cursor().execute(statement, values).fetchone()
