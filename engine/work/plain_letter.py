"""A letter to one person that is not one of the law's notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class PlainLetter(NamedTuple):
    """Letters with the same ``key`` are the same letter, however often it is sent."""

    key: str
    to: str
    subject: str
    paragraphs: Sequence[str]
    written_at: datetime
