"""The vault's rows in memory."""

from collections.abc import Mapping, Sequence
from threading import RLock

from engine.ports.clock import Clock
from engine.work.ports import SealedRow
from engine.work.secret import SecretRef


class MemorySealedRows:
    """Implements ``SealedRows``; gone with the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = RLock()
        self._keys: dict[str, bytes] = {}
        self._rows: dict[SecretRef, SealedRow] = {}

    def keys_in_use(self) -> Mapping[str, bytes]:
        with self._lock:
            return dict(self._keys)

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        with self._lock:
            if self._in_use() != instead_of:
                return False
            self._keys[key_id] = self._keys.pop(key_id, fingerprint)
            return True

    def remove_key(self, key_id: str) -> bool:
        with self._lock:
            needed = {row.key_id for row in self._rows.values()} | {self._in_use()}
            if key_id not in needed:
                self._keys.pop(key_id, None)
            return key_id not in self._keys

    def row(self, ref: SecretRef) -> SealedRow | None:
        return self._rows.get(ref)

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        with self._lock:
            found = sorted(self._rows.values(), key=lambda row: row.ref)
        return [row for row in found if not workspace or row.ref.workspace in workspace]

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        with self._lock:
            if self._in_use() != key_id:
                return False
            self._rows[ref] = SealedRow(ref, key_id, sealed, self._clock())
            return True

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        with self._lock:
            found = self._rows.get(row.ref)
            if found is None or found.sealed != row.sealed:
                return False
            self._rows[row.ref] = found._replace(key_id=key_id, sealed=sealed)
            return True

    def delete(self, ref: SecretRef) -> bool:
        with self._lock:
            return self._rows.pop(ref, None) is not None

    def _in_use(self) -> str | None:
        return [*self._keys][-1] if self._keys else None
