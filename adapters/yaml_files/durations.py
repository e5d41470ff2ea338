"""Durations as people write them: ``90m``, ``1h30m``, ``3d``."""

import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
DURATION = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z")


def parse_duration(text: str) -> timedelta:
    """``8d23h59m59s``, units in this order. Raises ``ValueError``."""
    found = DURATION.match(text.strip())
    if found is None:
        raise ValueError(f"expected a duration like 90m, 1h30m or 8d23h59m59s, found {text[:80]!r}")
    amounts = zip(_UNITS.values(), found.groups(), strict=True)
    try:
        return timedelta(**{unit: int(amount) for unit, amount in amounts if amount})
    except (OverflowError, ValueError):
        raise ValueError(
            f"expected a duration of at most some centuries, found {text[:80]!r}"
        ) from None


def duration_text(duration: timedelta) -> str:
    """As ``parse_duration`` reads it."""
    minutes, seconds = divmod(duration.seconds, 60)
    amounts = (duration.days, minutes // 60, minutes % 60, seconds)
    told = (f"{amount}{unit}" for unit, amount in zip(_UNITS, amounts, strict=True) if amount)
    return "".join(told) or "0s"
