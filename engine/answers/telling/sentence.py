"""A sentence to be read out, and the event on which it rests."""

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from engine.answers.telling.reader import Reader
from engine.answers.telling.words import counted
from events.recorded import Recorded

PROMPT = timedelta(seconds=1)
"""Recorded within this of its occurrence is recorded at once."""


class Section(StrEnum):
    """In the order in which they are read out."""

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
"""What stands above each."""


class Sentence(NamedTuple):
    section: Section
    rests_on: Recorded
    text: str


def late(recorded: Recorded, reader: Reader, recorded_until: int | None) -> str:
    """That the engine came to it later than it happened, and that this changed nothing (S7)."""
    if recorded_until is not None and recorded.position > recorded_until:
        return " It is not recorded yet, which changes nothing."
    at = recorded.envelope.recorded_at
    if at - recorded.event.occurred_at <= PROMPT:
        return ""
    return f" It was recorded late, on {reader.when(at)}, which changed nothing."


def lasting(span: timedelta) -> str:
    """``9 days``, ``1 hour``, ``12 minutes``; the largest unit that tells it, rounded down."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (number := int(span.total_seconds()) // seconds) >= 1:
            return counted(number, unit)
    return counted(int(span.total_seconds()), "second")
