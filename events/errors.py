"""Errors that can be explained: one sentence each, and by name the facts that it mentions."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from events.vocabulary import instant_text


class ExplainedError(Exception):
    """``sentence`` names facts in braces; the code that raises it gives a value for each.

    The values are kept in ``about``, for programs. The sentence says what to do next if the reader
    can do something, but never which command to type: that depends on where it is shown.
    """

    sentence: ClassVar[str]

    def __init__(self, **about: object) -> None:
        spoken = {name: _spoken(value) for name, value in about.items()}
        super().__init__(self.sentence.format(**spoken))
        self.about: Mapping[str, object] = about


def _spoken(value: object) -> object:
    return instant_text(value) if isinstance(value, datetime) else value
