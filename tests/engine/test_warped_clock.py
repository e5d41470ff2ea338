"""A warped clock starts in the past, hurries, and never goes back."""

from datetime import UTC, datetime, timedelta

from engine.ports.clock import WarpedClock

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Seconds:
    def __init__(self) -> None:
        self.passed = 100.0

    def __call__(self) -> float:
        return self.passed


def test_it_keeps_real_pace_unless_hurried() -> None:
    seconds = Seconds()
    clock = WarpedClock(START, seconds)
    seconds.passed += 3
    assert clock() == START + timedelta(seconds=3)


def test_hurried_it_comes_in_time_and_then_keeps_real_pace() -> None:
    seconds = Seconds()
    clock = WarpedClock(START, seconds)
    clock.hurry(START + DAY, seconds=10)
    seconds.passed += 5
    assert clock() == START + DAY / 2
    seconds.passed += 5
    assert clock() == START + DAY
    seconds.passed += 2
    assert clock() == START + DAY + timedelta(seconds=2)


def test_hurried_again_on_the_way_it_goes_on_from_where_it_is() -> None:
    seconds = Seconds()
    clock = WarpedClock(START, seconds)
    clock.hurry(START + DAY, seconds=10)
    seconds.passed += 5
    clock.hurry(START + 2 * DAY, seconds=1)
    assert clock() == START + DAY / 2
    seconds.passed += 1
    assert clock() == START + 2 * DAY


def test_it_is_never_hurried_back() -> None:
    seconds = Seconds()
    clock = WarpedClock(START, seconds)
    clock.hurry(START - DAY, seconds=1)
    assert clock() == START
