"""The directory of the embedded store: who stands behind an opaque recipient id (F1)."""

import json
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Cursor

from adapters.named_sql import statements
from adapters.people import Person
from adapters.sqlite.errors import explained
from adapters.sqlite.store import SQLiteStore
from events.vocabulary import RecipientId

SQL = statements(Path(__file__).with_suffix(".sql"))

ID_OCTETS = 10


class SQLiteDirectory:
    """Names and addresses of a store's recipients, in a table of their own.

    Nothing of it is ever read to decide anything, and no event holds any of it.
    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        with self._explained(), store.writing() as c:
            c.execute(SQL["directory"])

    def enrol(self, workspace: str, people: Iterable[Person]) -> list[RecipientId]:
        """The ids of these people, in their order: random for a new address, the old one for a
        known address, whose name and variables stay as they are. All together or none.
        """
        with self._explained(), self._store.writing() as c:
            return [self._enrolled(c, workspace, person) for person in people]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        """None when the directory knows no such recipient."""
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["person"], (workspace, recipient_id)).fetchone()
        return Person(found[0], found[1], json.loads(found[2])) if found else None

    def _enrolled(self, c: Cursor, workspace: str, person: Person) -> RecipientId:
        variables = json.dumps(dict(person.variables), ensure_ascii=False, sort_keys=True)
        new_id = secrets.token_hex(ID_OCTETS)
        c.execute(SQL["enrol_person"], (workspace, new_id, person.address, person.name, variables))
        known: RecipientId = c.execute(SQL["recipient_at"], (workspace, person.address)).fetchone()[
            0
        ]
        return known

    def _explained(self) -> AbstractContextManager[None]:
        return explained(str(self._store.path))
