"""Days, windows and time zones (M3). Everything is decided by the wall clock of a zone.

If an hour occurs twice, only the first counts as open; a skipped hour is not made up for: a window
covers what its zone's clocks show.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from events.sequence import WEEKDAYS, Window
from events.vocabulary import Zone

DAY = timedelta(days=1)
SEARCHED = 22
"""Days; a weekly window opens within three weeks, even if its hour is skipped once."""


def is_zone(name: Zone) -> bool:
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def day_of(at: datetime, zone: Zone) -> date:
    """The day at that moment in the zone."""
    return at.astimezone(_zone(zone)).date()


@lru_cache(1_000)
def beginning_of(day: date, zone: Zone) -> datetime:
    """When that day begins in the zone, in UTC."""
    return _instant(datetime.combine(day, time()), zone)


def day_began(at: datetime, zone: Zone) -> datetime:
    """When the current day began in the zone, in UTC."""
    return beginning_of(day_of(at, zone), zone)


def next_day(at: datetime, zone: Zone) -> datetime:
    """When the next day begins in the zone, in UTC."""
    return beginning_of(day_of(at, zone) + DAY, zone)


def is_open(at: datetime, window: Window, zone: Zone) -> bool:
    local = at.astimezone(_zone(zone))
    if local.fold:
        return False
    wall = local.replace(tzinfo=None)
    return any(
        begins <= wall < ends
        for day in (wall.date(), wall.date() - DAY)
        for begins, ends in _opened(day, window)
    )


def next_open(at: datetime, window: Window, zone: Zone) -> datetime:
    """The first moment from ``at`` on at which the window is open, in UTC.

    Raises ``OverflowError`` for a window that does not open within three weeks: it has no days.
    """
    if is_open(at, window, zone):
        return at
    today = day_of(at, zone)
    for ahead in range(-1, SEARCHED):
        moments = (each for each in _openings(today + ahead * DAY, window, zone) if each > at)
        opening = next((each for each in moments if is_open(each, window, zone)), None)
        if opening is not None:
            return opening
    raise OverflowError("the window never opens")


def _openings(day: date, window: Window, zone: Zone) -> Iterator[datetime]:
    """The moments at which that day's window may begin, in order."""
    for begins, ends in _opened(day, window):
        first = _instant(begins, zone)
        last = _instant(ends, zone)
        yield from sorted({first, *_change(first - DAY / 4, last + DAY / 4, zone)})


def _opened(day: date, window: Window) -> Iterator[tuple[datetime, datetime]]:
    """The day's window by the wall clock, from and to; nothing if it is closed on that day."""
    if WEEKDAYS[day.weekday()] not in window.days:
        return
    midnight = datetime.combine(day, time())
    begins = midnight + _since_midnight(window.begins)
    ends = midnight + _since_midnight(window.ends)
    yield begins, ends if ends > begins else ends + DAY


def _change(begins: datetime, ends: datetime, zone: Zone) -> Iterator[datetime]:
    """When clocks are changed between these moments, found to the second. If they are put back,
    also when the repeated time is over."""
    early, late = int(begins.timestamp()), int(ends.timestamp())
    before, after = _offset(early, zone), _offset(late, zone)
    if before == after:
        return
    while late - early > 1:
        middle = (early + late) // 2
        if _offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    changed = datetime.fromtimestamp(late, UTC)
    yield changed
    if after < before:
        yield changed + (before - after)


def _offset(timestamp: int, zone: Zone) -> timedelta:
    offset = datetime.fromtimestamp(timestamp, _zone(zone)).utcoffset()
    assert offset is not None
    return offset


def _instant(wall: datetime, zone: Zone) -> datetime:
    return wall.replace(tzinfo=_zone(zone)).astimezone(UTC)


@lru_cache(256)
def _since_midnight(told: str) -> timedelta:
    hours, minutes = told.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


@lru_cache(1_000)
def _zone(name: Zone) -> ZoneInfo:
    return ZoneInfo(name)
