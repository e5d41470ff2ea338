"""A letter to one person that is no notice of the law."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class PlainLetter(NamedTuple):
    """The same ``key`` is the same letter, however often it is told."""

    key: str
    to: str
    subject: str
    paragraphs: Sequence[str]
    written_at: datetime
