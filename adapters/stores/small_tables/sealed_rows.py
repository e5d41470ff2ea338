"""The vault's rows beside a store's log, in two tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from adapters.stores.small_tables.small_table import Change, Row, StoredTable, moment
from engine.work.secret import SecretRef
from engine.work.vault import SealedRow


class StoredSealedRows(StoredTable):
    """Implements ``SealedRows``. No key comes or goes while a row is written."""

    MICROS = False

    def keys_in_use(self) -> Mapping[str, bytes]:
        return {key_id: bytes(fingerprint) for key_id, fingerprint in self._table.rows("keys")}

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        with self._holding("change_the_keys") as change:
            if _key_in_use(change) != instead_of:
                return False
            change("use_key", key_id=key_id, fingerprint=fingerprint)
            return True

    def remove_key(self, key_id: str) -> bool:
        with self._holding("change_the_keys") as change:
            change("remove_key", key_id=key_id)
            return change("knows_key", key_id=key_id) is None

    def row(self, ref: SecretRef) -> SealedRow | None:
        return next(iter(map(_row, self._table.rows("row", **ref._asdict()))), None)

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        if not workspace:
            return list(map(_row, self._table.rows("all_rows")))
        return list(map(_row, self._table.rows("rows_of", workspace=workspace[0])))

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        now = self._table.store.now()
        with self._holding("keep_the_keys") as change:
            if _key_in_use(change) != key_id:
                return False
            change("write", **ref._asdict(), key_id=key_id, sealed=sealed, now=now)
            return True

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        new = {"new_key_id": key_id, "new_sealed": sealed}
        with self._holding("keep_the_keys") as change:
            return bool(change.count("replace", **new, **row.ref._asdict(), sealed=row.sealed))

    def delete(self, ref: SecretRef) -> bool:
        return bool(self._table.write("delete", **ref._asdict()))

    @contextmanager
    def _holding(self, lock: str) -> Iterator[Change]:
        with self._table.changing() as change:
            change(lock)
            yield change


def _key_in_use(change: Change) -> str | None:
    found = change("key_in_use")
    return found[0] if found else None


def _row(values: Row) -> SealedRow:
    *ref, key_id, sealed, stored_at = values
    return SealedRow(SecretRef(*ref), key_id, bytes(sealed), moment(stored_at))
