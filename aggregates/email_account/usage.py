"""How much an account has sent lately, and until when it may send nothing (M3, M8)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, assert_never

from events.email_account import SendCounted, SendingThrottled, SendUncounted, ThrottlingEnded

UsageEvent = SendCounted | SendUncounted | SendingThrottled | ThrottlingEnded
QUARTER = 900
"""Seconds; in every zone, days begin at a quarter of an hour of UTC."""
REMEMBERED = 2 * 24 * 4
"""Quarters of an hour; longer than a day in any zone."""


class Usage(NamedTuple):
    """What the account has sent in the last two days, over all campaigns (M3, M8).

    It is kept in UTC, because a disconnect may change the zone whose days are counted.
    """

    sent: Mapping[int, int] = {}
    """Messages that were not refused, by the quarter of an hour of their reservation."""
    last_at: datetime | None = None
    """When a message was last reserved, including refused ones."""
    first_day: date | None = None
    """The first day on which anything was sent: the ramp-up of limits counts from it."""
    throttled_until: datetime | None = None
    held_for: timedelta = timedelta()
    """How long the last hold was; zero once a message was accepted after it."""

    def since(self, day_began_at: datetime) -> int:
        """Messages on the day that began then and is not over."""
        began = quarter_of(day_began_at)
        return sum(number for quarter, number in self.sent.items() if quarter >= began)


UNUSED = Usage()


def quarter_of(at: datetime) -> int:
    return int(at.timestamp()) // QUARTER


def evolve(usage: Usage, event: UsageEvent) -> Usage:
    match event:
        case SendCounted():
            return usage._replace(
                sent=_counted(usage.sent, quarter_of(event.occurred_at)),
                last_at=event.occurred_at,
                first_day=usage.first_day or event.day,
            )
        case SendUncounted(reserved_at=reserved_at):
            quarter = quarter_of(reserved_at)
            fewer = {quarter: usage.sent.get(quarter, 1) - 1}
            return usage._replace(sent={**usage.sent, **fewer})
        case SendingThrottled(until=until, held_for=held_for):
            return usage._replace(throttled_until=until, held_for=held_for)
        case ThrottlingEnded():
            return usage._replace(held_for=timedelta())
        case _:
            assert_never(event)


def _counted(sent: Mapping[int, int], quarter: int) -> Mapping[int, int]:
    if quarter in sent:
        return {**sent, quarter: sent[quarter] + 1}
    late = {each: number for each, number in sent.items() if each > quarter - REMEMBERED}
    return {**late, quarter: 1}
