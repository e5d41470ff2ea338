"""Moments of a history: a position in the log, or a time, by either of a fact's two times (F2)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from engine.audit.source import Source, facts
from events.recorded import Recorded
from events.vocabulary import instant_text, read_instant


class By(StrEnum):
    """Which of a fact's two times counts; they differ if the engine was late (S7)."""

    RECORDED = "recorded"
    OCCURRED = "occurred"


class Moment(NamedTuple):
    """The moment after the fact at a position, or a time, including facts at that very time."""

    position: int | None = None
    at: datetime | None = None
    by: By = By.RECORDED

    def includes(self, fact: Recorded) -> bool:
        if self.at is None:
            return self.position is None or fact.position <= self.position
        if self.by is By.RECORDED:
            return fact.envelope.recorded_at <= self.at
        return fact.event.occurred_at <= self.at

    def told(self) -> dict[str, Any]:
        """The moment in the form of JSON."""
        if self.at is None:
            return {"position": self.position}
        return {"at": instant_text(self.at), "by": self.by}

    def __str__(self) -> str:
        if self.at is None:
            return f"position {self.position}"
        return f"{instant_text(self.at)}, as {self.by}"


class NoMoment(ValueError):
    """The input is not a moment of this history; the text says why."""


def read_moment(text: str, by: By, source: Source) -> Moment:
    """Parse a position like ``4711`` or a time like ``2026-03-02T09:00:00Z``.

    Raises ``NoMoment``, for instance for a time without a zone.
    """
    if text.strip().isdecimal():
        position = int(text)
        if position > source.end:
            raise NoMoment(f"The log of {source.name} ends at position {source.end}.")
        return Moment(position=position)
    try:
        return Moment(at=read_instant(text), by=by)
    except ValueError as error:
        raise NoMoment(f"This is no moment: {error}.") from None


def facts_until(
    source: Source,
    moment: Moment,
    progress: Callable[[int], None] = lambda _position: None,
) -> Iterator[Recorded]:
    """The facts up to that moment, in the order of the log.

    Times are compared fact by fact: the log is ordered by position, not by time.
    """
    found: Iterable[Recorded] = facts(source, last_position(source, moment), progress)
    return filter(moment.includes, found) if moment.at else iter(found)


def last_position(source: Source, moment: Moment) -> int:
    """The last position that the moment may include."""
    if moment.at is not None and moment.by is By.RECORDED:
        return source.last_position_until(moment.at)
    return source.end if moment.position is None else moment.position
