"""The port to consent: a mailbox's owner is asked at his provider, and what he gave is judged."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from engine.work.access import Access
from engine.work.secret import Secret
from events.errors import ExplainedError
from events.vocabulary import AccountId


class ConsentRefused(ExplainedError):
    """What was given is not what is needed; ``code`` is that of the refusal (R1).

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
        "Somebody else than {account} consented at {provider}. Sign in there as {account}; to "
        "change mailboxes, use Two-Step Reconnect."
    )


class Asked(NamedTuple):
    """A request for consent. ``url`` is for a browser; its answer comes to ``redirect_uri``."""

    url: str
    redirect_uri: str
    state: str
    verifier: Secret


class Consents(Protocol):
    """Of one provider."""

    @property
    def title(self) -> str:
        """The provider's name, for people."""
        ...

    @property
    def address(self) -> str:
        """Where the owner is sent to."""
        ...

    def ask(self, redirect_uri: str, login_hint: str, *, again: bool = False) -> Asked:
        """``again``: a box was left empty before, so all are shown once more."""
        ...

    def granted(
        self,
        asked: Asked,
        answer: Mapping[str, str],
        account_id: AccountId,
        subject: str | None = None,
    ) -> Access:
        """What the browser's answer opens: the mailbox of this account, and no other.

        ``subject`` is the owner of before, where he is known. Raises ``ConsentRefused`` and
        ``TokenError``.
        """
        ...
