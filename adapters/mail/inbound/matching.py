"""Which messages of ours a message is about: by ids first, and by addresses if there are none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from adapters.mail.inbound.headers import ID_HEADERS, Headers
from engine.work.inbound import Sent, SentMail


class Answered(NamedTuple):
    """What a message answers. ``by``: how this is known; ``by_address``: by the sender alone."""

    about: Sequence[Sent]
    by: str
    by_address: bool = False


def our_own(head: Headers, sent: SentMail) -> Sequence[Sent]:
    """The message itself, if it is one that we sent."""
    return by_ids(head.ids(*ID_HEADERS), sent)


def answered(head: Headers, sent: SentMail) -> Answered | None:
    """What the message answers; if References names several messages, the last of them."""
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
    """Everything that was sent to any of these addresses."""
    found = (about for each in dict.fromkeys(addresses) for about in sent.by_address(each))
    return list(dict.fromkeys(found))


def of_address(
    addresses: Sequence[str],
    ours: Sequence[Sent],
    sent: SentMail,
    *,
    forwarded: bool = True,
) -> Sequence[Sent]:
    """What was sent to the recipient of a report. ``ours``: the message of ours that the report
    returns.

    Where mail is ``forwarded``, a report may name another address than ours. A report that returns
    our message to one recipient and names another recipient of ours contradicts itself, and is
    nobody's.
    """
    named = by_addresses(addresses, sent)
    if not ours:
        return named
    both = [each for each in ours if each.address in addresses]
    return both or (ours if forwarded and not named else [])
