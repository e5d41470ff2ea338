"""A sentence to be shown, and the event on which it rests."""

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from engine.answers.telling.reader import Reader
from engine.answers.telling.words import counted
from events.recorded import Recorded

PROMPT = timedelta(seconds=1)
"""An event recorded within this time after it occurred counts as recorded at once."""


class Section(StrEnum):
    """The sections, in the order in which they are shown."""

    ANSWER = "answer"
    HAPPENED = "happened"
    TOLD = "told"
    TRIED = "tried"
    AVOIDABLE = "avoidable"
    NOW = "now"


TITLES = MappingProxyType(
    {
        Section.ANSWER: "The answer",
        Section.HAPPENED: "What happened",
        Section.TOLD: "Who was told",
        Section.TRIED: "What was tried",
        Section.AVOIDABLE: "How it could have been avoided",
        Section.NOW: "Now",
    }
)
"""The heading of each section."""


class Sentence(NamedTuple):
    section: Section
    rests_on: Recorded
    text: str


def late(recorded: Recorded, reader: Reader, recorded_until: int | None) -> str:
    """A sentence that the engine recorded the event late, and that this changed nothing (S7); empty
    if it was not late."""
    if recorded_until is not None and recorded.position > recorded_until:
        return " It is not recorded yet, which changes nothing."
    at = recorded.envelope.recorded_at
    if at - recorded.event.occurred_at <= PROMPT:
        return ""
    return f" It was recorded late, on {reader.when(at)}, which changed nothing."


def lasting(span: timedelta) -> str:
    """The duration in its largest unit, rounded down: ``9 days``, ``1 hour``, ``12 minutes``."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (number := int(span.total_seconds()) // seconds) >= 1:
            return counted(number, unit)
    return counted(int(span.total_seconds()), "second")
