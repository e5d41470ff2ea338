"""How somebody unsubscribes by mail (M7): the ``mailto`` of List-Unsubscribe and its reading.

Both stand here, so that what is sent is what is understood: the subject ``unsubscribe TOKEN`` to
the account's own address. The addresses ``unsubscribe+TOKEN@…`` and ``ann+unsubscribe-TOKEN@…`` are
understood, too, whatever the subject.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

_SIGNED = r"[A-Za-z0-9_.~=-]{4,512}"
_SUBJECT = re.compile(rf"\s*unsubscribe(?:[ :]+(?P<token>{_SIGNED}))?\s*", re.IGNORECASE)
_ADDRESS = re.compile(
    rf"(?:[^@+]{{1,64}}\+)?(?:unsubscribe|opt-out)[+-](?P<token>{_SIGNED})@.+", re.IGNORECASE
)


def mailto(address: str, token: str) -> str:
    """The URI for List-Unsubscribe (RFC 2369)."""
    return f"mailto:{quote(address, safe='@+')}?subject=unsubscribe%20{quote(token, safe='')}"


def asks_to_unsubscribe(subject: str) -> bool:
    """Is the subject nothing but the wish, with or without a token?"""
    return _SUBJECT.fullmatch(subject) is not None


def token_of(subject: str, addresses: Iterable[str]) -> str | None:
    """The token of a message that asks to unsubscribe, None without one. Nothing is verified."""
    found = _SUBJECT.fullmatch(subject)
    if found and found["token"]:
        return found["token"]
    return next((named["token"] for each in addresses if (named := _ADDRESS.fullmatch(each))), None)
