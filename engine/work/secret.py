"""Secrets of mailboxes, and what may be said about one: whose it is, and why it cannot be read.

Nothing here ever prints a secret (F1).
"""

from datetime import datetime
from hmac import compare_digest
from typing import NamedTuple, Never, NoReturn, Self, final

from engine.ports.errors import StoreError
from events.vocabulary import AccountId


@final
class Secret:
    """A password or a token. Only ``reveal`` returns it.

    It prints as ``Secret(…)``, cannot be pickled, hashed or serialised to JSON, and is compared in
    constant time.
    """

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        return self._value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(_octets(self), _octets(other))

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret has no hash")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> Never:
        raise TypeError("a secret cannot be pickled")


def _octets(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


class SecretRef(NamedTuple):
    """A reference to a secret of an account; ``name`` is ``password``, ``oauth`` and the like."""

    workspace: str
    account_id: AccountId
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {self.account_id} in workspace {self.workspace}"


class StoredSecret(NamedTuple):
    """What may be said about a secret that the vault has."""

    ref: SecretRef
    key_id: str
    stored_at: datetime


class VaultError(StoreError):
    """The vault cannot do what was asked, and did nothing. No sentence contains a secret.

    ::

        VaultError
        ├── NoKey              no key is set
        ├── UnusableKey        a key file or variable cannot be used as it is
        ├── WrongKey           a key has the right id, but is not the one the vault was written with
        ├── UnknownKey         the secret needs a key that was not given
        ├── NoSuchSecret       the vault has no secret of that name
        └── SecretDamaged
            ├── SecretCutShort     a part is missing
            ├── SecretMisplaced    it was sealed for another account, name or workspace
            └── SecretAltered      it is not what was sealed
    """


class NoKey(VaultError):
    sentence = "The vault has no key: neither vault_key_file nor the variable is set."


class UnusableKey(VaultError):
    """``problem`` says what is wrong and what to do; it contains only the ids of keys."""

    sentence = "The vault's key in {source} cannot be used: {problem}"


class WrongKey(VaultError):
    sentence = (
        "The key {key_id} is not the one of that id that this vault was written with. Give the key "
        "that belongs to this store."
    )


class UnknownKey(VaultError):
    """``given`` are the ids of the keys that were given."""

    sentence = (
        "The vault needs its key {key_id}, which is not among those given ({given}). Add it; or, "
        "if it is lost, reconnect the accounts."
    )


class NoSuchSecret(VaultError):
    sentence = "The vault has no {ref}. Reconnect the account."


class SecretDamaged(VaultError):
    """The stored secret cannot be opened with any key."""

    sentence = "The {ref} cannot be read. Reconnect the account, or restore the row."


class SecretCutShort(SecretDamaged):
    sentence = "The {ref} is cut short in the store. Reconnect the account, or restore the row."


class SecretMisplaced(SecretDamaged):
    sentence = (
        "The {ref} was sealed for another account, name or workspace, and is not given out. "
        "Reconnect the account, or restore the row."
    )


class SecretAltered(SecretDamaged):
    sentence = (
        "The {ref} is not what was sealed: somebody or something altered it in the store. "
        "Reconnect the account, or restore the row."
    )
