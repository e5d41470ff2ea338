"""A sentence to be read out, and the event on which it rests."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from events.recorded import Envelope, Recorded

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


class Sentence(NamedTuple):
    section: Section
    rests_on: Recorded
    text: str


def when(moment: datetime) -> str:
    told = f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{told}.{moment:%f} UTC" if moment.microsecond else f"{told} UTC"


def late(recorded: Recorded) -> str:
    """That the engine came to it later than it happened, and that this changed nothing (S7)."""
    at = recorded.envelope.recorded_at
    if at - recorded.event.occurred_at <= PROMPT:
        return ""
    return f" It was recorded late, on {when(at)}, which changed nothing."


def by(envelope: Envelope) -> str:
    """Who or what did it."""
    kind, _, name = envelope.actor.partition(":")
    match kind:
        case "user":
            return f"by the user {name}"
        case "check":
            return "by a background check"
        case "clock":
            return "by the clock"
        case "processor":
            return f"by the engine ({name.replace('_', ' ')})"
        case _:
            return f"by {envelope.actor}"


def lasting(span: timedelta) -> str:
    """``9 days``, ``1 hour``, ``12 minutes``; the largest unit that tells it, rounded down."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (number := int(span.total_seconds()) // seconds) >= 1:
            return counted(number, unit)
    return counted(int(span.total_seconds()), "second")


def people(number: int) -> str:
    return counted(number, "recipient")


def counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"
