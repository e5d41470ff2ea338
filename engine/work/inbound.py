"""What an incoming message means for what was sent (M5, M7).

The answer is which recipients it concerns and how: ended, held or left alone. It holds ids, a kind
and a date, never text of the message (F1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from engine.work.addresses import ascii_form, normalised

OCTETS = 1_048_576
"""The octets of a message that are read; the rest of a longer one need not be fetched."""


class Kind(StrEnum):
    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    """An automatic answer (RFC 3834): ends nobody, and holds until the date it names."""
    BOUNCE = "bounce"
    DELAYED = "delayed"
    """A server is still trying: not a bounce."""
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    """An abuse report (RFC 5965): the recipient complained about our message."""
    OWN = "own"
    """Our own mail, or that of the account's owner."""
    UNRELATED = "unrelated"


class Sent(NamedTuple):
    """A message of ours. ``message`` is the part of its Message-ID left of the ``@``; ``address``
    is the recipient's, ``comparable``."""

    message: str
    campaign: str
    recipient: str
    address: str


class SentMail(Protocol):
    """What an account has sent. The answers are empty for messages that are not ours."""

    account: str
    """The account's address, ``comparable``."""

    def by_message(self, message: str) -> Sequence[Sent]:
        """Messages by the part of the Message-ID left of the ``@``, whether ours or the
        provider's."""
        ...

    def by_address(self, address: str) -> Sequence[Sent]:
        """Messages by the recipient's address, ``comparable``."""
        ...


class SentList:
    """``SentMail`` in memory."""

    def __init__(self, account: str, sent: Iterable[Sent]) -> None:
        self.account = comparable(account)
        self._by_message: dict[str, list[Sent]] = {}
        self._by_address: dict[str, list[Sent]] = {}
        for each in sent:
            self._by_message.setdefault(each.message, []).append(each)
            self._by_address.setdefault(each.address, []).append(each)

    def by_message(self, message: str) -> Sequence[Sent]:
        return self._by_message.get(message, ())

    def by_address(self, address: str) -> Sequence[Sent]:
        return self._by_address.get(address, ())


@dataclass(frozen=True)
class Inbound:
    """What one message means. ``about``: the messages of ours that it concerns."""

    kind: Kind
    because: str
    """One sentence: what was recognised."""
    about: Sequence[Sent] = ()
    until: date | None = None
    """The date that an automatic answer names: the recipient is held until then (M5)."""
    unknown: bool = False
    """For a bounce: the address is unknown to its server (M7). Otherwise the sender may be at
    fault."""
    token: str | None = None
    """For an unsubscribe by mail: the token that came with it, not yet checked."""

    @property
    def recipients(self) -> list[str]:
        return list(dict.fromkeys(each.recipient for each in self.about))

    @property
    def campaigns(self) -> list[str]:
        return list(dict.fromkeys(each.campaign for each in self.about))


def message_of(message_id: str) -> str:
    """The part left of the ``@``, by which ids are compared: servers rewrite the rest (M2)."""
    return message_id.strip().strip("<>").partition("@")[0]


def comparable(address: str) -> str:
    """The form in which addresses are compared: normalised, the domain in ASCII."""
    try:
        return ascii_form(normalised(address))
    except ValueError:
        return normalised(address)
