"""What becomes of a message, decided by seed and address: the same story every time."""

from datetime import timedelta
from enum import Enum
from hashlib import blake2b


class Fate(Enum):
    TAKEN = "taken"
    NO_SUCH_MAILBOX = "no such mailbox"
    POLICY = "refused for good, for no fault of the recipient"
    GREYLISTED = "refused at first, taken later"
    LIMITED = "refused for good, as the account sent too much"
    ANSWER_LOST = "taken, but the connection broke before the server said so"


class Answer(Enum):
    NONE = "none"
    REPLY = "reply"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"
    OUT_OF_OFFICE = "out of office"


_FATES = [(3, Fate.NO_SUCH_MAILBOX), (4, Fate.POLICY), (8, Fate.GREYLISTED), (12, Fate.ANSWER_LOST)]
_ANSWERS = [
    (14, Answer.REPLY),
    (17, Answer.BOUNCE),
    (20, Answer.UNSUBSCRIBE),
    (24, Answer.OUT_OF_OFFICE),
]
"""Percent, counted up."""

_DELAYS = [timedelta(minutes=20), timedelta(hours=1), timedelta(hours=3), timedelta(days=2)]


def fate_of(address: str, seed: str) -> Fate:
    drawn = _draw("fate", address, seed)
    return next((fate for percent, fate in _FATES if drawn < percent), Fate.TAKEN)


def answer_of(address: str, seed: str) -> tuple[Answer, timedelta]:
    """What comes back, and how long after the message was taken."""
    drawn = _draw("answer", address, seed)
    answer = next((each for percent, each in _ANSWERS if drawn < percent), Answer.NONE)
    return answer, _DELAYS[_draw("delay", address, seed) % len(_DELAYS)]


def _draw(*parts: str) -> int:
    """A number from 0 to 99."""
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=8).digest()) % 100
