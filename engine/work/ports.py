"""Who can be written to: what an import brings and a directory keeps, outside the events (F1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from engine.ports.errors import StoreError
from engine.work.secret import Secret, SecretRef, StoredSecret
from events.vocabulary import CampaignId, RecipientId

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Person(NamedTuple):
    """``address`` is normalised: trimmed and lower-cased. ``variables`` fill the templates."""

    address: str
    name: str = ""
    variables: Mapping[str, str] = NO_VARIABLES


class TracesRemain(StoreError):
    """The person is forgotten, but another program hinders the erasing of what is left."""


def everybody(_: RecipientId) -> bool:
    return True


class Vault(Protocol):
    """Passwords and tokens of mailboxes, encrypted; in no event, log, error or answer (F1).

    Whatever cannot be done raises a ``VaultError``, and then nothing of it is done.
    """

    def put(self, ref: SecretRef, secret: Secret) -> None:
        """Keep the secret, instead of an older one of that name."""
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
        """The same secret sealed anew; False, and nothing done, when the row has changed."""
        ...

    def delete(self, ref: SecretRef) -> bool: ...


class Directory(Protocol):
    """Who stands behind an opaque recipient id (F1).

    It can forget a person, for good. What stays is that somebody was forgotten and, for campaigns
    that stopped the person, a keyed digest of the address: enough to refuse an import there (S4),
    too little to tell who it was without the workspace's key. Nothing of a directory is ever read
    to decide anything, and no event holds any of it.
    """

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
    ) -> list[RecipientId]:
        """The ids of these people, in their order: random for a new address, the old one for a
        known address, whose name and variables stay as they are. All together or none.

        Who was forgotten and is ``stopped`` in ``campaign_id`` gets the id of then, and is not
        written down anew (S4).
        """
        ...

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        """None when the directory knows no such recipient."""
        ...

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        """Those of them whom the directory knows."""
        ...

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None: ...

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        """When the recipient was forgotten, UTC; None for one who never was."""
        ...

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """Forget these recipients; ``refused_in``: the campaigns that stopped each, or still may.

        False, and nothing done, when the log went on after the position ``as_of``: look again
        who was stopped. Afterwards no octet of them is left in the files of the directory; raises
        ``TracesRemain`` while another program hinders that. Forgetting again finishes it.
        """
        ...
