"""The vault's rows in the embedded store."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Cursor
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.ports import SealedRow
from engine.work.secret import SecretRef

SQL = statements(Path(__file__).with_suffix(".sql"))
TABLES = ("vault_keys", "vault_secrets")


class SQLiteSealedRows:
    """Implements ``SealedRows`` in tables of its own, made when the vault is first used."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        with self._explained():
            with store.reading() as c:
                there = c.execute(SQL["tables_there"]).fetchone()[0] == len(TABLES)
            if not there:
                with store.writing() as c:
                    for table in TABLES:
                        c.execute(SQL[table])

    def keys_in_use(self) -> Mapping[str, bytes]:
        with self._explained(), self._store.reading() as c:
            return dict(c.execute(SQL["keys"]).fetchall())

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        with self._explained(), self._store.writing() as c:
            if _key_in_use(c) != instead_of:
                return False
            c.execute(SQL["use_key"], (key_id, fingerprint))
            return True

    def remove_key(self, key_id: str) -> bool:
        with self._explained(), self._store.writing() as c:
            c.execute(SQL["remove_key"], (key_id,))
            return c.execute(SQL["knows_key"], (key_id,)).fetchone() is None

    def row(self, ref: SecretRef) -> SealedRow | None:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["row"], ref).fetchone()
        return _row(found) if found else None

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["rows_of" if workspace else "all_rows"], workspace)
            return [_row(each) for each in found.fetchall()]

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        with self._explained(), self._store.writing() as c:
            if _key_in_use(c) != key_id:
                return False
            c.execute(SQL["write"], (*ref, key_id, sealed, to_micros(self._store.now())))
            return True

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        with self._explained(), self._store.writing() as c:
            return c.execute(SQL["replace"], (key_id, sealed, *row.ref, row.sealed)).rowcount == 1

    def delete(self, ref: SecretRef) -> bool:
        with self._explained(), self._store.writing() as c:
            return c.execute(SQL["delete"], ref).rowcount == 1

    def _explained(self) -> AbstractContextManager[None]:
        return explained(str(self._store.path))


def _key_in_use(c: Cursor) -> str | None:
    found = c.execute(SQL["key_in_use"]).fetchone()
    return found[0] if found else None


def _row(values: Sequence[Any]) -> SealedRow:
    *ref, key_id, sealed, stored_at = values
    return SealedRow(SecretRef(*ref), key_id, bytes(sealed), from_micros(stored_at))
