"""Messages that the ``mailto`` in List-Unsubscribe leads to (M7): the subject ``unsubscribe
TOKEN``.

The addresses ``unsubscribe+TOKEN@…`` and ``ann+unsubscribe-TOKEN@…`` are understood, too.
"""

import re
from collections.abc import Iterable

_SIGNED = r"[A-Za-z0-9_.~=-]{4,512}"
_SUBJECT = re.compile(rf"\s*unsubscribe(?:[ :]+(?P<token>{_SIGNED}))?\s*", re.IGNORECASE)
_ADDRESS = re.compile(rf"(?:[^@+]{{1,64}}\+)?unsubscribe[+-](?P<token>{_SIGNED})@.+", re.IGNORECASE)


def asks_to_unsubscribe(subject: str) -> bool:
    """Whether the subject is nothing but the wish, with or without a token."""
    return _SUBJECT.fullmatch(subject) is not None


def token_of(subject: str, addresses: Iterable[str]) -> str | None:
    """The token in a message that asks to unsubscribe; None if it has none. Nothing is verified."""
    found = _SUBJECT.fullmatch(subject)
    if found and found["token"]:
        return found["token"]
    return next((named["token"] for each in addresses if (named := _ADDRESS.fullmatch(each))), None)
