"""The port to consent: a mailbox's owner is asked by the provider, and what was granted is
judged."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from engine.work.access import Access
from engine.work.secret import Secret
from events.errors import ExplainedError
from events.vocabulary import AccountId


class ConsentRefused(ExplainedError):
    """The consent does not grant what is needed; ``code`` is that of the refusal (R1).

    ::

        ConsentRefused
        ├── TooFewScopes     a box was left empty
        └── AnotherMailbox   somebody else consented
    """

    code: str


class TooFewScopes(ConsentRefused):
    code = "insufficient_scope"
    sentence = (
        "{provider} was not allowed to let us read and send the mail of {account}. Reconnect, and "
        "tick every box."
    )


class AnotherMailbox(ConsentRefused):
    code = "identity_mismatch"
    sentence = (
        "Somebody other than {account} consented at {provider}. Sign in there as {account}; to "
        "change mailboxes, use Two-Step Reconnect."
    )


class Asked(NamedTuple):
    """A request for consent. ``url`` is for a browser; its answer comes to ``redirect_uri``."""

    url: str
    redirect_uri: str
    state: str
    verifier: Secret


class Consents(Protocol):
    """The consents of one provider."""

    @property
    def title(self) -> str:
        """The provider's name, for people."""
        ...

    @property
    def address(self) -> str:
        """The address to which the owner is sent."""
        ...

    def ask(self, redirect_uri: str, login_hint: str, *, again: bool = False) -> Asked:
        """Begin a request. ``again``: a box was left empty last time, so all are shown once
        more."""
        ...

    def granted(
        self,
        asked: Asked,
        answer: Mapping[str, str],
        account_id: AccountId,
        subject: str | None = None,
    ) -> Access:
        """The access that the browser's answer grants: to the mailbox of this account, and no
        other.

        ``subject`` is the previous owner, if known. Raises ``ConsentRefused`` and ``TokenError``.
        """
        ...
