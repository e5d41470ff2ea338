"""The port to the secrets of mailboxes, and what a vault needs of a store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.work.secret import Secret, SecretRef, StoredSecret


class Vault(Protocol):
    """Passwords and tokens of mailboxes, encrypted; in no event, log, error or answer (F1).

    Whatever cannot be done raises a ``VaultError``, and then nothing of it is done.
    """

    def put(self, ref: SecretRef, secret: Secret) -> None:
        """Keep the secret, instead of an older one of that name."""
        ...

    def replace(self, ref: SecretRef, secret: Secret) -> None:
        """Keep the secret instead of the one that is there. Raises ``NoSuchSecret`` where there is
        none, even if it was deleted a moment ago."""
        ...

    def get(self, ref: SecretRef) -> Secret: ...

    def delete(self, ref: SecretRef) -> bool:
        """False when there was none."""
        ...

    def list(self, *workspace: str) -> Sequence[StoredSecret]:
        """What there is, in one workspace or in all, without the secrets themselves."""
        ...


class SealedRow(NamedTuple):
    """An encrypted secret as a store has it."""

    ref: SecretRef
    key_id: str
    sealed: bytes
    stored_at: datetime


class SealedRows(Protocol):
    """Where a store keeps what the vault has encrypted. Each call is one transaction.

    A store knows which keys its rows need, by id and fingerprint; never a key.
    """

    def keys_in_use(self) -> Mapping[str, bytes]:
        """Fingerprints of the keys in use; the last is the one that new rows are sealed with."""
        ...

    def use_key(self, key_id: str, fingerprint: bytes, instead_of: str | None) -> bool:
        """From now on new rows are sealed with this one. False, and nothing done, when it is not
        ``instead_of`` that they are sealed with now (None: there is no key yet)."""
        ...

    def remove_key(self, key_id: str) -> bool:
        """False, and nothing done, while a row needs it or new ones are sealed with it."""
        ...

    def row(self, ref: SecretRef) -> SealedRow | None: ...

    def rows(self, *workspace: str) -> Sequence[SealedRow]:
        """By workspace, account and name."""
        ...

    def write(self, ref: SecretRef, key_id: str, sealed: bytes) -> bool:
        """False, and nothing done, when new rows are sealed with another key by now."""
        ...

    def replace(self, row: SealedRow, key_id: str, sealed: bytes) -> bool:
        """The same secret sealed anew, or a newer one; False, and nothing done, when the row has
        changed."""
        ...

    def delete(self, ref: SecretRef) -> bool: ...
