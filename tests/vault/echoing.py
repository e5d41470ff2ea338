"""Mail servers that repeat what they are told: as it came, and in every spelling they can think of.

No server should; some do, in an error for whoever debugs them.
"""

import html
import json
import quopri
import re
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from adapters.mail.sandbox.authority import Authority
from tests.mail.servers.scripted import CAPABILITIES, EHLO, GREETED, READY, Conversation, Scripted

AUTHENTICATE = re.compile(rb"(\S+) AUTHENTICATE\b", re.IGNORECASE)
AUTH = re.compile(rb"AUTH \S+ ?(\S*)", re.IGNORECASE)
NOTHING = re.compile(rb"(?!)")


class Echoing(NamedTuple):
    """Ports with TLS; ``said`` is what the servers repeated."""

    imap: int
    smtp: int
    said: list[bytes]


@contextmanager
def echoing(authority: Authority, secrets: Iterable[str]) -> Iterator[Echoing]:
    """They refuse every login, and know in which words of it the secret is."""
    known, said = [*secrets], list[bytes]()

    def repeated(heard: bytes) -> bytes:
        there = [each for each in known if each.encode() in b64decode(heard)]
        assert there, "a login holds a secret"
        text = b" ".join([heard, *(word for each in there for word in _spelled(each))])
        said.append(text)
        return text

    def imap(talk: Conversation) -> None:
        talk.say(READY)
        tag = talk.heard_until(AUTHENTICATE, CAPABILITIES)[1]
        talk.say(b"+ \r\n")
        talk.say(tag + b" NO [AUTHENTICATIONFAILED] not " + repeated(talk.heard()) + b"\r\n")
        talk.heard_until(NOTHING, CAPABILITIES)

    def smtp(talk: Conversation) -> None:
        talk.say(GREETED)
        others = {word: answer for word, answer in EHLO.items() if word != b"AUTH"}
        heard = talk.heard_until(AUTH, others)[1]
        talk.say(b"535 5.7.8 not " + repeated(heard) + b"\r\n")
        talk.heard_until(NOTHING, EHLO)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue())
    with Scripted(imap, context) as one, Scripted(smtp, context) as other:
        yield Echoing(one.port, other.port, said)


def _spelled(secret: str) -> Iterator[bytes]:
    octets = secret.encode()
    yield octets
    yield octets.hex().encode()
    yield from (each.encode() for each in (quote(secret, safe=""), quote_plus(secret)))
    yield from (each.encode() for each in (html.escape(secret), json.dumps(secret)))
    yield quopri.encodestring(octets).replace(b"=\n", b"")
    for before in (b"", b"x", b"xy"):
        for after in (b"", b"z"):
            yield b64encode(before + octets + after)
            yield b64encode(before + octets + after).rstrip(b"=")
