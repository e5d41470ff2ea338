"""The library's PostgreSQL recorder with an insert of our own: one call, in order, nothing lost.

The stock one takes several round trips, hangs on large saves, and with database functions loses
events for readers. What is not about inserting is the library's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.postgres import PostgresProcessRecorder
from psycopg.rows import tuple_row

from adapters.stores.named_sql import for_psycopg, statements
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.migrating import migrate

_HERE = Path(__file__).parent
SQL = for_psycopg(_HERE.parent / "queries.sql") | statements(_HERE / "queries.sql")


class PostgresLedgerRecorder(PostgresProcessRecorder):
    """Positions have no gaps and stand in the order of commits."""

    datastore: LedgerDatastore

    def __init__(self, datastore: LedgerDatastore) -> None:
        super().__init__(
            datastore, events_table_name="stored_events", tracking_table_name="tracking"
        )
        self.channel_name = f"{datastore.schema}.stored_events"

    def create_table(self) -> None:
        migrate(self.datastore)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """The library's port, in one round trip, with the position of its ``tracking``.

        Not tried again when the connection is lost: whether the events are there is known only to
        who looks for them.
        """
        tracking: Tracking | None = kwargs.get("tracking")
        if not stored_events and tracking is None:
            return []
        try:
            with self.datastore.get_connection() as connection:
                cursor = connection.cursor(binary=True, row_factory=tuple_row)
                found = cursor.execute(*_insert(stored_events, tracking)).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise IntegrityError(str(error)) from error
        assert found is not None
        after: int = found[0]
        return list(range(after + 1, after + len(stored_events) + 1))


def _insert(
    stored_events: Sequence[StoredEvent], tracking: Tracking | None
) -> tuple[str, tuple[Any, ...]]:
    """The statement and its values: those of a single event need no lists, which take longer."""
    rows = [
        (str(event.originator_id), event.originator_version, event.topic, event.state)
        for event in stored_events
    ]
    if len(rows) == 1:
        return SQL["insert_one"], (*rows[0], *_position(tracking))
    columns = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    return SQL["insert"], (*columns, *_position(tracking))


def _position(tracking: Tracking | None) -> tuple[str | None, int | None]:
    return (tracking.application_name, tracking.notification_id) if tracking else (None, None)
