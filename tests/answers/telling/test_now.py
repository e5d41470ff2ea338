"""What is said of a clock whose deadline has passed while a check is awaited."""

from datetime import timedelta

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from aggregates.command import DEFAULT_POLICY
from engine.answers.current import current
from engine.answers.recipient_case import case_of
from engine.answers.telling.why import explained
from engine.fence import Unfenced
from engine.ports.clock import ManualClock
from tests.law.story import (
    ANN,
    NINE_DAYS,
    NOON,
    R1,
    SECOND,
    SPRING,
    connect,
    create,
    fail,
    hear_from,
    request_check,
    start,
)
from tests.workplace import ACME, Workplace


@pytest.fixture
def workplace() -> Workplace:
    clock = ManualClock(NOON)
    workplace = Workplace(MemoryStore(clock), clock)
    workplace.given(connect(ANN), create(ANN), start(), hear_from(ANN, R1), fail(ANN))
    workplace.at(NOON + NINE_DAYS - SECOND).given(request_check(ANN, "check-1"))
    return workplace


def told(workplace: Workplace, after: timedelta) -> str:
    workplace.at(NOON + NINE_DAYS + after)
    with current(workplace.store, MemoryViews(), ACME, DEFAULT_POLICY, fence=Unfenced()) as found:
        case = case_of(
            found.history(),
            found.answers(),
            SPRING,
            R1,
            found.now,
            recorded_until=found.recorded_until,
        )
        assert case is not None
        return " ".join(each.text for each in explained(case))


@pytest.mark.rule("C6")
def test_a_clock_that_waits_for_a_check_says_so(workplace: Workplace) -> None:
    assert "the clock still waits for the connection test" in told(workplace, 30 * SECOND)


@pytest.mark.rule("C6")
def test_when_the_wait_is_over_the_recipient_is_stopped(workplace: Workplace) -> None:
    text = told(workplace, 90 * SECOND)

    assert "r1 became Campaign Stopped in spring, for good" in text
    assert "still waits" not in text
