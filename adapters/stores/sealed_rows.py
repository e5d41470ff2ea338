"""The vault's rows beside a store's log, whatever the product.

A product brings its statements, by these names, how a moment stands in it, and what keeps the keys
from changing while a row is written.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from adapters.stores.directory import DirectoryStore
from engine.work.ports import SealedRow
from engine.work.secret import SecretRef


class StoredSealedRows(ABC):
    """Implements ``SealedRows`` in tables of its own."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def keys_in_use(self) -> Mapping[str, bytes]:
        return {key_id: bytes(fingerprint) for key_id, fingerprint in self._found("keys")}

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        with self._changing_keys() as c:
            if self._key_in_use(c) != instead_of:
                return False
            c.execute(self.SQL["use_key"], (key_id, fingerprint))
            return True

    def remove_key(self, key_id: str) -> bool:
        with self._changing_keys() as c:
            c.execute(self.SQL["remove_key"], (key_id,))
            return c.execute(self.SQL["knows_key"], (key_id,)).fetchone() is None

    def row(self, ref: SecretRef) -> SealedRow | None:
        return next(iter(map(self._row, self._found("row", *ref))), None)

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        found = self._found("rows_of" if workspace else "all_rows", *workspace)
        return list(map(self._row, found))

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        now = self._stored(self._store.now())
        with self._keeping_keys() as c:
            if self._key_in_use(c) != key_id:
                return False
            c.execute(self.SQL["write"], (*ref, key_id, sealed, now))
            return True

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        with self._keeping_keys() as c:
            values = (key_id, sealed, *row.ref, row.sealed)
            return bool(c.execute(self.SQL["replace"], values).rowcount)

    def delete(self, ref: SecretRef) -> bool:
        with self._store.explained(), self._store.writing() as c:
            return bool(c.execute(self.SQL["delete"], tuple(ref)).rowcount)

    @abstractmethod
    def _keep_keys(self, c: Any) -> None:
        """Until the transaction's end no key comes or goes; others may write rows too."""

    @abstractmethod
    def _change_keys(self, c: Any) -> None:
        """Until the transaction's end nobody else changes keys or writes rows."""

    @abstractmethod
    def _stored(self, moment: datetime) -> object: ...

    @abstractmethod
    def _moment(self, stored: Any) -> datetime: ...

    @contextmanager
    def _keeping_keys(self) -> Iterator[Any]:
        with self._store.explained(), self._store.writing() as c:
            self._keep_keys(c)
            yield c

    @contextmanager
    def _changing_keys(self) -> Iterator[Any]:
        with self._store.explained(), self._store.writing() as c:
            self._change_keys(c)
            yield c

    def _key_in_use(self, c: Any) -> str | None:
        found = c.execute(self.SQL["key_in_use"]).fetchone()
        return found[0] if found else None

    def _found(self, name: str, *values: str) -> Sequence[Any]:
        with self._store.explained(), self._store.reading() as c:
            rows: Sequence[Any] = c.execute(self.SQL[name], values).fetchall()
            return rows

    def _row(self, values: Sequence[Any]) -> SealedRow:
        *ref, key_id, sealed, stored_at = values
        return SealedRow(SecretRef(*ref), key_id, bytes(sealed), self._moment(stored_at))
