"""The directory of the PostgreSQL store."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.stores.directory import Ids, StoredDirectory
from adapters.stores.named_sql import statements
from adapters.stores.postgres.erasing import write_anew
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.small_tables.small_table import Change
from engine.work.ports import DirectoryRow, Person

SQL = statements(Path(__file__).with_suffix(".sql"))


class PostgresDirectory(StoredDirectory):
    """A name loses its zero octets, which PostgreSQL cannot keep.

    ``forget`` answers False only when this workspace went on, and is hindered by whoever holds the
    table longer than the store's lock timeout, as a dump does. What it erases is gone from the
    table's files, its indexes and the planner's statistics by the server's next checkpoint. What
    no statement reaches is left: the write-ahead log until it is recycled, its archive, replicas
    that lag, backups, disk blocks that the file system has freed, and the server's log if that is
    told to keep parameters of statements.
    """

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(store)
        self._schema = store

    def _known(self, change: Change, workspace: str, addresses: Iterable[str]) -> Ids:
        """Planned anew each time: a plan for an empty table is none for a full one."""
        asked = {"workspace": workspace, "addresses": list(addresses)}
        sql = self._table.sql["recipients_at"]
        return dict(change.cursor.execute(sql, asked, prepare=False).fetchall())

    def _insert(self, change: Change, rows: Sequence[DirectoryRow]) -> int:
        """In order of address, so that two who enrol the same people never wait in a circle.
        Whoever is second waits for the first and then finds the addresses taken."""
        told = [(*row, salt and salt.hex()) for *row, salt in rows]
        people = json.dumps([dict(zip(DirectoryRow._fields, each, strict=True)) for each in told])
        return int(change.cursor.execute(SQL["enrol"], (people,)).rowcount)

    def _kept(self, people: Sequence[Person]) -> Sequence[Person]:
        return [
            each._replace(name=each.name.replace("\0", "")) if "\0" in each.name else each
            for each in people
        ]

    def _stand_still(self, change: Change, workspace: str) -> int:
        change("nobody_enrols")
        ((position,),) = change.cursor.execute(SQL["nobody_acts"], (workspace,)).fetchall()
        return int(position)

    def _erase(self) -> None:
        write_anew(self._schema.writing, self._schema.name, "directory")
