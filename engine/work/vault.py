"""The port to the secrets of mailboxes, and what a vault needs of a store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.work.secret import Secret, SecretRef, StoredSecret


class Vault(Protocol):
    """Passwords and tokens of mailboxes, encrypted; in no event, log, error or answer (F1).

    An operation that fails raises a ``VaultError`` and does nothing.
    """

    def put(self, ref: SecretRef, secret: Secret) -> None:
        """Store the secret, in place of an older one of that name."""
        ...

    def replace(self, ref: SecretRef, secret: Secret) -> None:
        """Store the secret in place of the existing one. Raises ``NoSuchSecret`` if there is none,
        even if it was deleted only a moment ago."""
        ...

    def get(self, ref: SecretRef) -> Secret: ...

    def delete(self, ref: SecretRef) -> bool:
        """False if there was none."""
        ...

    def list(self, *workspace: str) -> Sequence[StoredSecret]:
        """The stored secrets of one workspace or of all, without the secrets themselves."""
        ...


class SealedRow(NamedTuple):
    """An encrypted secret as it is stored."""

    ref: SecretRef
    key_id: str
    sealed: bytes
    stored_at: datetime


class SealedRows(Protocol):
    """Where a store keeps what the vault has encrypted. Each call is one transaction.

    A store knows the ids and fingerprints of the keys that its rows need; never a key.
    """

    def keys_in_use(self) -> Mapping[str, bytes]:
        """Fingerprints of the keys in use, by id; new rows are sealed with the last one."""
        ...

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        """Seal new rows with this key from now on. False, and nothing done, if they are not sealed
        with ``instead_of`` now (None: there is no key yet)."""
        ...

    def remove_key(self, key_id: str) -> bool:
        """False, and nothing done, while a row needs the key or new rows are sealed with it."""
        ...

    def row(self, ref: SecretRef) -> SealedRow | None: ...

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        """The rows, sorted by workspace, account and name."""
        ...

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        """False, and nothing done, if new rows are sealed with another key by now."""
        ...

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        """Replace the row by the same secret sealed anew, or by a newer one. False, and nothing
        done, if the row has changed."""
        ...

    def delete(self, ref: SecretRef) -> bool: ...
