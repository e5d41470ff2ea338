"""The vault over a store's rows: secrets sealed with the key that the store names as current."""

from collections.abc import Sequence

from adapters.vault.cipher import seal, unseal
from adapters.vault.keys import Key, Keyring, KeySource
from engine.work.secret import (
    NoSuchSecret,
    Secret,
    SecretRef,
    StoredSecret,
    UnknownKey,
    WrongKey,
)
from engine.work.vault import SealedRow, SealedRows


class SealedVault:
    """Implements ``Vault``.

    A rotation may run in another process meanwhile: unknown keys are looked up again, and a row or
    a choice of key that has changed since is read again.
    """

    def __init__(self, rows: SealedRows, keys: KeySource) -> None:
        self._rows = rows
        self._keys = keys
        self._known: Keyring = ()

    def put(self, ref: SecretRef, secret: Secret) -> None:
        while True:
            key_id = self._in_use()
            try:
                key = self.key(key_id)
            except UnknownKey:
                if self._in_use() == key_id:
                    raise
                continue
            if self._rows.write(ref, key.id, seal(key, ref, secret)):
                return

    def replace(self, ref: SecretRef, secret: Secret) -> None:
        while True:
            row = self._row(ref)
            try:
                key = self.key(row.key_id)
            except UnknownKey:
                if self._row(ref) == row:
                    raise
                continue
            if self._rows.replace(row, key.id, seal(key, ref, secret)):
                return

    def get(self, ref: SecretRef) -> Secret:
        row = self._row(ref)
        while True:
            try:
                return self.open(row)
            except UnknownKey:
                newer = self._row(ref)
                if newer == row:
                    raise
                row = newer

    def delete(self, ref: SecretRef) -> bool:
        return self._rows.delete(ref)

    def list(self, *workspace: str) -> Sequence[StoredSecret]:
        return [StoredSecret(*row[:2], row.stored_at) for row in self._rows.rows(*workspace)]

    def open(self, row: SealedRow) -> Secret:
        """The secret in a row. Raises ``VaultError``."""
        return unseal(self.key(row.key_id), row.ref, row.sealed)

    def key(self, key_id: str) -> Key:
        """The key with that id; it must be the very one that this vault was written with."""
        key = self._find(key_id)
        if self._rows.keys_in_use().get(key_id, key.fingerprint) != key.fingerprint:
            self._known = ()
            raise WrongKey(key_id=key_id)
        return key

    def _row(self, ref: SecretRef) -> SealedRow:
        row = self._rows.row(ref)
        if row is None:
            raise NoSuchSecret(ref=ref)
        return row

    def _in_use(self) -> str:
        """The id of the key for new rows; the first key, if the vault has no row yet."""
        if not self._rows.keys_in_use():
            first = self._keys()[0]
            self._rows.use_key(first.id, first.fingerprint, instead_of=None)
        return [*self._rows.keys_in_use()][-1]

    def _find(self, key_id: str) -> Key:
        found = _of(self._known, key_id)
        if found is None:
            self._known = self._keys()
            found = _of(self._known, key_id)
        if found is None:
            raise UnknownKey(key_id=key_id, given=", ".join(each.id for each in self._known))
        return found


def _of(keys: Keyring, key_id: str) -> Key | None:
    return next((each for each in keys if each.id == key_id), None)
