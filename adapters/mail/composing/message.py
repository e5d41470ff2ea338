"""A letter as a message (RFC 5322), assembled from its lines. Python's ``email`` takes as long for
one message as this does for ten. Tests check the result with ``email``'s parser."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple

from adapters.mail.composing.content import NEVER_AS_IT_IS, part
from adapters.mail.composing.filling import LONGEST_SUBJECT
from adapters.mail.composing.headers import mailbox, message_ids, unstructured, uris
from engine.work.addresses import ascii_form, normalised, recipient_problem
from engine.work.letters import (
    AddressUnusable,
    Letter,
    Sender,
    Thread,
    Unsubscribing,
)
from engine.work.ports import Message, Person

OUR_ID = "X-Sendledger-Id"
"""The header that no server rewrites (M2)."""
MOST_REFERENCES = 20
LONGEST_BOUNDARY = 60
"""Characters in the part that tells one boundary from another; RFC 2046 permits 70 in all."""
_ALTERNATIVES = (
    b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n'
    b"--%s\r\n%s\r\n--%s\r\n%s\r\n--%s--\r\n"
)


class Posting(NamedTuple):
    """All that a message needs besides its letter. ``left``: the part of its Message-ID left of the
    ``@`` (M2), as ``message_key`` makes it; ``at``: the time for its ``Date``, with a zone."""

    sender: Sender
    person: Person
    left: str
    at: datetime
    unsubscribing: Unsubscribing
    thread: Thread = Thread()


def compose(letter: Letter, posting: Posting) -> Message:
    """The message: the same octets for the same letter and posting. Raises ``AddressUnusable``."""
    to = _usable(posting.person.address, "recipient's")
    sender = _usable(posting.sender.address, "account's")
    message_id = f"<{posting.left}@{sender.rpartition('@')[2]}>"
    from_to = (mailbox(posting.sender.name, sender), mailbox(posting.person.name, to))
    lines = [*filter(None, _headers(letter, posting, message_id, *from_to)), ""]
    content = "\r\n".join(lines).encode("ascii") + _content(letter, posting.left)
    return Message(message_id, to, content)


def _usable(address: str, whose: str) -> str:
    problem = recipient_problem(address)
    if problem:
        raise AddressUnusable(whose=whose, problem=problem)
    return ascii_form(normalised(address))


def _headers(
    letter: Letter, posting: Posting, message_id: str, sender: str, to: str
) -> Iterator[str]:
    thread, ways = posting.thread, posting.unsubscribing
    yield f"From: {sender}"
    yield f"To: {to}"
    yield unstructured("Subject", letter.subject, LONGEST_SUBJECT)
    yield f"Date: {format_datetime(posting.at)}"
    yield f"Message-ID: {message_id}"
    yield f"{OUR_ID}: {posting.left}"
    yield message_ids("In-Reply-To", thread.message_ids[-1:])
    yield message_ids("References", _references(thread))
    yield uris("List-Unsubscribe", filter(None, [ways.https, ways.mailto]))
    if ways.https:
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield "MIME-Version: 1.0"


def _references(thread: Thread) -> list[str]:
    """The first message id of the thread, and the latest ones."""
    ids = [*thread.message_ids]
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]


def _content(letter: Letter, left: str) -> bytes:
    text = part("plain", letter.text)
    if not letter.html:
        return text
    boundary = NEVER_AS_IT_IS + left[:LONGEST_BOUNDARY].encode("ascii")
    return _ALTERNATIVES % (boundary, boundary, text, boundary, part("html", letter.html), boundary)
