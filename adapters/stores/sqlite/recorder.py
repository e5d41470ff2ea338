"""The library's SQLite recorder, whose tables stand beside ours."""

from pathlib import Path

from eventsourcing.sqlite import SQLiteDatastore, SQLiteProcessRecorder

from adapters.stores.named_sql import statements

_HERE = Path(__file__).parent
SCHEMA = statements(_HERE / "schema.sql")
SQL = statements(_HERE.parent / "queries.sql") | statements(_HERE / "queries.sql")


class SQLiteLedgerRecorder(SQLiteProcessRecorder):
    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore, events_table_name="stored_events")

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *SCHEMA.values()]
