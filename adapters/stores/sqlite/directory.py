"""The directory of the embedded store."""

from collections.abc import Sequence

from adapters.stores.directory import StoredDirectory
from adapters.stores.small_tables.small_table import Change
from adapters.stores.sqlite.append import insert_rows
from adapters.stores.sqlite.erasing import write_anew, zero_what_is_freed
from adapters.stores.sqlite.recorder import SQL
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.ports import DirectoryRow, TracesRemain


class SQLiteDirectory(StoredDirectory):
    """``forget`` answers False when any workspace went on, and is hindered by whoever reads the
    store's write-ahead log.
    """

    def __init__(self, store: SQLiteStore) -> None:
        super().__init__(store)
        self._file = store

    def _insert(self, change: Change, rows: Sequence[DirectoryRow]) -> int:
        return insert_rows(change.cursor, SQL["enrol_people"], rows)

    def _before_change(self, change: Change) -> None:
        zero_what_is_freed(change.cursor)

    def _stand_still(self, change: Change, workspace: str) -> int:  # noqa: ARG002 all of them do
        self._before_change(change)
        position: int = change.cursor.execute(SQL["last_position"]).fetchone()[0]
        return position

    def _write_anew(self, change: Change) -> None:
        write_anew(change.cursor, "directory", self._table.made_by)

    def _erase(self) -> None:
        if self._file.checkpoint_is_hindered():
            raise TracesRemain(store=self._file.name)
