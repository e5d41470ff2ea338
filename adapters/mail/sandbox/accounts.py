"""The mailboxes in a sandbox, and who may log in to them."""

from dataclasses import dataclass

from adapters.mail.sandbox.grants import Grants

MAIL_SCOPES = frozenset(
    {
        "https://mail.google.com/",
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
    }
)
"""Scopes of which a token needs one to log in to IMAP and SMTP."""


class UnknownAccount(LookupError):
    """There is no such mailbox in the sandbox."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The sandbox has no mailbox {address}.")


@dataclass(frozen=True)
class Account:
    """A mailbox. ``files_sent``: the server files what it accepts in Sent by itself, as Gmail does.

    ``renames``: it gives every message a new Message-ID and keeps the old one in
    X-Microsoft-Original-Message-ID, as Microsoft 365 does.
    """

    address: str
    password: str
    files_sent: bool = False
    renames: bool = False


class Accounts:
    """The mailboxes by address, and the tokens that open them."""

    def __init__(self, grants: Grants) -> None:
        self._by_address: dict[str, Account] = {}
        self._grants = grants

    def add(self, account: Account) -> None:
        """Add a mailbox; one that exists gets the new password."""
        self._by_address[account.address] = account

    def __getitem__(self, address: str) -> Account:
        try:
            return self._by_address[address]
        except KeyError:
            raise UnknownAccount(address) from None

    def __contains__(self, address: str) -> bool:
        return address in self._by_address

    def all(self) -> list[Account]:
        return [*self._by_address.values()]

    def is_ours(self, address: str) -> bool:
        """Whether the sandbox has mailboxes in the domain of this address."""
        domains = {each.rpartition("@")[2] for each in self._by_address}
        return address.rpartition("@")[2] in domains

    def lets_in(self, address: str, password: str) -> bool:
        account = self._by_address.get(address)
        return account is not None and account.password == password

    def lets_in_token(self, address: str, token: str) -> bool:
        grant = self._grants.of_access_token(token)
        return grant is not None and grant.account == address and bool(grant.scopes & MAIL_SCOPES)
