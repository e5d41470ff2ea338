"""What an account has sent of late, and until when it may send nothing (M3, M8)."""

from datetime import date, datetime, timedelta
from typing import NamedTuple, assert_never

from events.email_account import SendCounted, SendingThrottled, SendUncounted, ThrottlingEnded

UsageEvent = SendCounted | SendUncounted | SendingThrottled | ThrottlingEnded


class Usage(NamedTuple):
    """What the account has sent on the last day it sent anything, over all campaigns (M3, M8)."""

    day: date | None = None
    day_began_at: datetime | None = None
    used: int = 0
    last_at: datetime | None = None
    """When a message was reserved last, refused ones too."""
    first_day: date | None = None
    """The first day on which anything was sent: from there limits ramp up."""
    throttled_until: datetime | None = None
    held_for: timedelta = timedelta()
    """How long the last hold was; nothing once a message was accepted after it."""


UNUSED = Usage()


def evolve(usage: Usage, event: UsageEvent) -> Usage:
    match event:
        case SendCounted():
            return usage._replace(
                day=event.day,
                day_began_at=event.day_began_at,
                used=event.used,
                last_at=event.occurred_at,
                first_day=usage.first_day or event.day,
            )
        case SendUncounted(used=used):
            return usage._replace(used=used)
        case SendingThrottled(until=until, held_for=held_for):
            return usage._replace(throttled_until=until, held_for=held_for)
        case ThrottlingEnded():
            return usage._replace(throttled_until=None, held_for=timedelta())
        case _:
            assert_never(event)
