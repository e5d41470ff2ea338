"""Times in a scenario: offsets like ``1h30m`` and ISO 8601 times with a zone."""

from datetime import datetime, timedelta

from adapters.yaml_files.durations import DURATION, parse_duration
from events.vocabulary import read_instant


def parse_moment(text: str, start: datetime) -> datetime:
    """An offset from ``start`` or an ISO 8601 time. Raises ``ValueError``."""
    if DURATION.match(text.strip()) is None:
        try:
            return read_instant(text)
        except ValueError as error:
            raise ValueError(f"{error}, or an offset from start like 1h30m") from None
    try:
        return start + parse_duration(text)
    except OverflowError:
        raise ValueError(f"expected a time within the calendar, found {text!r}") from None


def parse_positive_duration(text: str) -> timedelta:
    """As ``parse_duration``, but longer than zero. Raises ``ValueError``."""
    duration = parse_duration(text)
    if not duration:
        raise ValueError(f"expected a duration above zero, found {text!r}")
    return duration


def later(moment: datetime, by: timedelta) -> datetime:
    """The later moment. Raises ``ValueError`` for a time beyond the calendar."""
    try:
        return moment + by
    except OverflowError:
        raise ValueError("expected every deadline to fall within the calendar") from None
