"""Times in a scenario: offsets like ``1h30m`` and ISO 8601 times with a zone."""

import re
from datetime import datetime, timedelta

from events.vocabulary import read_instant

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z")


def parse_duration(text: str) -> timedelta:
    """``8d23h59m59s``, units in this order. Raises ``ValueError``."""
    found = _DURATION.match(text.strip())
    if found is None:
        raise ValueError(f"expected a duration like 90m, 1h30m or 8d23h59m59s, found {text!r}")
    amounts = zip(_UNITS.values(), found.groups(), strict=True)
    try:
        return timedelta(**{unit: int(amount) for unit, amount in amounts if amount})
    except OverflowError:
        raise ValueError(f"expected a duration of at most some centuries, found {text!r}") from None


def parse_moment(text: str, start: datetime) -> datetime:
    """An offset from ``start`` or an ISO 8601 time. Raises ``ValueError``."""
    if _DURATION.match(text.strip()) is None:
        try:
            return read_instant(text)
        except ValueError as error:
            raise ValueError(f"{error}, or an offset from start like 1h30m") from None
    try:
        return start + parse_duration(text)
    except OverflowError:
        raise ValueError(f"expected a time within the calendar, found {text!r}") from None


def parse_positive_duration(text: str) -> timedelta:
    """As ``parse_duration``, and longer than nothing. Raises ``ValueError``."""
    duration = parse_duration(text)
    if not duration:
        raise ValueError(f"expected a duration above zero, found {text!r}")
    return duration


def later(moment: datetime, by: timedelta) -> datetime:
    """Raises ``ValueError`` for a time beyond the calendar."""
    try:
        return moment + by
    except OverflowError:
        raise ValueError("expected every deadline to fall within the calendar") from None
