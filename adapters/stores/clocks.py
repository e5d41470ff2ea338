"""The machine's clock."""

from datetime import UTC, datetime


def system_clock() -> datetime:
    """UTC, with microseconds."""
    return datetime.now(UTC)
