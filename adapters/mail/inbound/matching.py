"""Which messages of ours a message is about: by ids first, by addresses where there are none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from adapters.mail.inbound.headers import ID_HEADERS, Headers
from engine.work.inbound import Sent, SentMail


class Answered(NamedTuple):
    """``by`` says by what it is known; ``by_address``: by its sender alone."""

    about: Sequence[Sent]
    by: str
    by_address: bool = False


def our_own(head: Headers, sent: SentMail) -> Sequence[Sent]:
    """Is the message itself one that we sent?"""
    return by_ids(head.ids(*ID_HEADERS), sent)


def answered(head: Headers, sent: SentMail) -> Answered | None:
    """What the message answers. Of several in References it is the last."""
    if about := by_ids(head.ids("in-reply-to"), sent):
        return Answered(about, "In-Reply-To names our message")
    if about := by_ids(reversed(head.ids("references")), sent):
        return Answered(about, "References name our message")
    if about := sent.by_address(head.sender()):
        return Answered(about, "its sender is somebody we wrote to", by_address=True)
    return None


def by_ids(ids: Iterable[str], sent: SentMail) -> Sequence[Sent]:
    return next((about for each in ids if (about := sent.by_message(each))), ())


def by_addresses(addresses: Iterable[str], sent: SentMail) -> Sequence[Sent]:
    """All that was sent to any of them."""
    found = (about for each in dict.fromkeys(addresses) for about in sent.by_address(each))
    return list(dict.fromkeys(found))


def of_address(
    addresses: Sequence[str],
    ours: Sequence[Sent],
    sent: SentMail,
    *,
    forwarded: bool = True,
) -> Sequence[Sent]:
    """Those of a report's recipient. ``ours``: the message of ours that the report returns.

    A report may name another address than ours, where mail is ``forwarded``. One that returns our
    message to one recipient and names another of ours contradicts itself: nobody's.
    """
    named = by_addresses(addresses, sent)
    if not ours:
        return named
    both = [each for each in ours if each.address in addresses]
    return both or (ours if forwarded and not named else [])
