"""When an account is checked next, as its last check and the law say (C2, C5)."""

from collections import Counter
from datetime import timedelta

import pytest

from engine.ports.check_schedule import ScheduledCheck
from engine.work.check_times import LONGEST, LONGEST_BACK_OFF, CheckTimes, Trouble
from events.vocabulary import FailureClass
from tests.law.story import ANN, DAY, HOUR, MINUTE, NINE_DAYS, NOON, SECOND

PERIOD = 15 * MINUTE
TIMES = CheckTimes(PERIOD)
CHECK = ScheduledCheck("acme", ANN, NOON)
UNREACHABLE = FailureClass.UNREACHABLE
REVOKED = FailureClass.AUTH_REVOKED
THROTTLED = FailureClass.THROTTLED


def checks(number: int) -> list[ScheduledCheck]:
    return [CHECK._replace(account_id=f"a{each}@acme.example") for each in range(number)]


def test_turns_are_spread_evenly_and_come_once_a_period() -> None:
    turns = [TIMES.turn_after(each, NOON) for each in checks(9_000)]
    by_minute = Counter((turn - NOON) // MINUTE for turn in turns)
    assert sorted(by_minute) == list(range(15))
    assert all(500 < number < 700 for number in by_minute.values())
    assert TIMES.turn_after(CHECK, TIMES.turn_after(CHECK, NOON)) == (
        TIMES.turn_after(CHECK, NOON) + PERIOD
    )


def test_the_same_address_of_two_workspaces_has_two_turns() -> None:
    other = CHECK._replace(workspace="other")
    assert TIMES.turn_after(CHECK, NOON) != TIMES.turn_after(other, NOON)


def test_after_a_check_that_passed_comes_the_account_s_own_turn() -> None:
    turn = TIMES.turn_after(CHECK, NOON)
    after = TIMES.after(CHECK._replace(tries=4, found="unknown"), turn, None)
    assert (after.due_at, after.tries, after.found) == (turn + PERIOD, 0, None)
    assert after.checked_at == turn
    late = TIMES.after(CHECK, turn + 50 * SECOND, None)
    assert late.due_at == turn + PERIOD


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    ("misses", "span", "checks_needed"),
    [(3, 15 * MINUTE, 3), (2, 15 * MINUTE, 2), (3, timedelta(0), 3), (3, 2 * HOUR, 9)],
)
def test_misses_are_found_right_after_their_span(
    misses: int, span: timedelta, checks_needed: int
) -> None:
    times = CheckTimes(PERIOD, misses, span)
    for check in checks(50):
        now, number = NOON, 1
        check = times.after(check, now, UNREACHABLE)  # noqa: PLW2901 it goes on
        while number < misses or now - NOON < span:
            now, number = check.due_at, number + 1
            check = times.after(check, now, UNREACHABLE)  # noqa: PLW2901
        assert number == checks_needed
        assert now - NOON <= span * 1.13 + 2 * MINUTE


@pytest.mark.rule("C5")
def test_a_failed_account_is_checked_more_and_more_seldom_but_every_seven_hours() -> None:
    check, now, waits = CHECK, NOON, list[timedelta]()
    while now < NOON + 3 * DAY:
        check = TIMES.after(check, now, REVOKED, Trouble(NOON + NINE_DAYS))
        waits.append(check.due_at - now)
        now = check.due_at
    assert waits[:6] == sorted(waits[:6])
    assert PERIOD <= waits[0] <= PERIOD * 1.1
    assert all(LONGEST <= each <= LONGEST * 1.1 for each in waits[6:])


@pytest.mark.rule("C5", "S2")
@pytest.mark.parametrize("back_off", [None, HOUR, 30 * DAY])
@pytest.mark.parametrize("found", [REVOKED, THROTTLED, UNREACHABLE])
def test_the_last_check_before_the_deadline_comes_in_time(
    found: FailureClass, back_off: timedelta | None
) -> None:
    for check in checks(20):
        deadline, now, times = NOON + NINE_DAYS, NOON, []
        while now < deadline:
            check = TIMES.after(check, now, found, Trouble(deadline), back_off)  # noqa: PLW2901
            assert check.due_at - now >= min(SECOND * 30, deadline - now)
            now = check.due_at
            times.append(now)
        (*_, last) = [each for each in times if each < deadline]
        assert 10 * MINUTE <= deadline - last <= 21 * MINUTE
        assert len(times) < 60


@pytest.mark.rule("C2", "C3")
def test_a_throttled_account_waits_longer_each_time_and_as_long_as_the_server_says() -> None:
    check, waits = CHECK, list[timedelta]()
    for _ in range(8):
        check = TIMES.after(check, NOON, THROTTLED)
        waits.append(check.due_at - NOON)
    assert waits[0] >= 2 * PERIOD
    assert waits == sorted(waits, key=lambda each: min(each, LONGEST))
    assert max(waits) <= LONGEST * 1.1

    assert TIMES.after(CHECK, NOON, THROTTLED, back_off=5 * HOUR).due_at == NOON + 5 * HOUR
    absurd = TIMES.after(CHECK, NOON, THROTTLED, back_off=timedelta(days=30_000))
    assert absurd.due_at == NOON + LONGEST_BACK_OFF
    backwards = TIMES.after(CHECK, NOON, THROTTLED, back_off=-HOUR)
    assert backwards.due_at >= NOON + 2 * PERIOD


def test_a_check_that_found_nothing_out_changes_nothing_but_its_time() -> None:
    before = CHECK._replace(tries=2, found="unknown", checked_at=NOON - HOUR)
    after = TIMES.after_nothing(before, NOON)
    assert after == before._replace(due_at=after.due_at)
    assert PERIOD / 2 <= after.due_at - NOON <= PERIOD * 1.5


def test_a_routine_check_is_not_made_up_for_and_another_is() -> None:
    assert not TIMES.is_too_late(CHECK, NOON + 60 * SECOND)
    assert TIMES.is_too_late(CHECK, NOON + 61 * SECOND)
    assert not TIMES.is_too_late(CHECK._replace(tries=1), NOON + DAY)


def test_what_a_clock_that_went_back_left_ahead_is_noticed() -> None:
    farthest = TIMES.after(CHECK, NOON, THROTTLED, back_off=30 * DAY)
    assert not TIMES.is_out_of_time(farthest, NOON)
    assert TIMES.is_out_of_time(farthest, NOON - SECOND)
    assert TIMES.is_out_of_time(CHECK._replace(due_at=NOON + 2 * DAY), NOON)
    assert not TIMES.is_out_of_time(CHECK, NOON + DAY)
