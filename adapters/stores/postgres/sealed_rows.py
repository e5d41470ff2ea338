"""The vault's rows in the PostgreSQL store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import Cursor

from adapters.stores.named_sql import statements
from adapters.stores.postgres.store import PostgresStore
from engine.work.ports import SealedRow
from engine.work.secret import SecretRef

SQL = statements(Path(__file__).with_suffix(".sql"))


class PostgresSealedRows:
    """Implements ``SealedRows``."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def keys_in_use(self) -> Mapping[str, bytes]:
        with self._store.explained(), self._store.cursor() as c:
            return {key_id: bytes(told) for key_id, told in c.execute(SQL["keys"]).fetchall()}

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        with self._holding("change_the_keys") as c:
            if _key_in_use(c) != instead_of:
                return False
            c.execute(SQL["use_key"], (key_id, fingerprint))
            return True

    def remove_key(self, key_id: str) -> bool:
        with self._holding("change_the_keys") as c:
            c.execute(SQL["remove_key"], (key_id,))
            return c.execute(SQL["knows_key"], (key_id,)).fetchone() is None

    def row(self, ref: SecretRef) -> SealedRow | None:
        with self._store.explained(), self._store.cursor() as c:
            found = c.execute(SQL["row"], ref).fetchone()
        return _row(found) if found else None

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        with self._store.explained(), self._store.cursor() as c:
            found = c.execute(SQL["rows_of" if workspace else "all_rows"], workspace)
            return [_row(each) for each in found.fetchall()]

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        now = self._store.now()
        with self._holding("keep_the_keys") as c:
            if _key_in_use(c) != key_id:
                return False
            c.execute(SQL["write"], (*ref, key_id, sealed, now))
            return True

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        with self._holding("keep_the_keys") as c:
            done = c.execute(SQL["replace"], (key_id, sealed, *row.ref, row.sealed))
            return done.rowcount == 1

    def delete(self, ref: SecretRef) -> bool:
        with self._store.explained(), self._store.writing() as c:
            return c.execute(SQL["delete"], ref).rowcount == 1

    @contextmanager
    def _holding(self, lock: str) -> Iterator[Cursor[Any]]:
        with self._store.explained(), self._store.writing() as c:
            c.execute(SQL[lock])
            yield c


def _key_in_use(c: Cursor[Any]) -> str | None:
    found = c.execute(SQL["key_in_use"]).fetchone()
    return found[0] if found else None


def _row(values: Sequence[Any]) -> SealedRow:
    *ref, key_id, sealed, stored_at = values
    return SealedRow(SecretRef(*ref), key_id, bytes(sealed), stored_at)
