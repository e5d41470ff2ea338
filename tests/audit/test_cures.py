"""What the auditor says of cures: of those told, those not told, and those that wait (N3, C6)."""

from collections.abc import Iterator, Sequence

import pytest

from engine.audit import Auditor
from events.email_account import NoticeIssued
from events.recorded import Recorded
from events.vocabulary import NoticeKind
from tests.cli.auditing.test_check import Forged, laid_out
from tests.law.story import (
    ANN,
    NINE_DAYS,
    NOON,
    R1,
    SECOND,
    World,
    connect,
    fail,
    hear_from,
    office,
    one_click,
    pass_check,
    request_check,
    user_check,
)


def violations(log: Sequence[Recorded]) -> list[str]:
    found: list[str] = []
    auditor = Auditor(lambda violation: found.append(violation.rule))
    auditor.read(laid_out([Forged(each.stream_id, each.event, each.envelope) for each in log]))
    auditor.finish()
    return found


def without(log: Sequence[Recorded], *left_out: int) -> Iterator[Recorded]:
    """The log without the cures of these numbers, counted from 0."""
    cures = 0
    for recorded in log:
        event = recorded.event
        if isinstance(event, NoticeIssued) and event.kind is NoticeKind.CURED:
            cures += 1
            if cures - 1 in left_out:
                continue
        yield recorded


def failures_without_clocks() -> Sequence[Recorded]:
    return World().given(connect(ANN), fail(ANN), one_click(ANN), fail(ANN), one_click(ANN)).log


@pytest.mark.rule("N3")
@pytest.mark.parametrize("left_out", [(), (0, 1), (0,)])
def test_cures_of_failures_without_clocks_that_an_older_program_did_not_tell_are_no_violation(
    left_out: Sequence[int],
) -> None:
    assert violations([*without(failures_without_clocks(), *left_out)]) == []


@pytest.mark.rule("N3")
def test_a_cure_of_a_failure_without_clocks_is_missed_where_one_was_told_before() -> None:
    assert violations([*without(failures_without_clocks(), 1)]) == ["N3"]


@pytest.mark.rule("N3")
def test_a_cure_of_a_failure_with_clocks_is_missed_always() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN), one_click(ANN))

    assert violations([*without(world.log, 0)]) == ["N3"]


@pytest.mark.rule("C5", "C6")
def test_a_clock_may_wait_for_its_check_though_a_later_check_restored_the_account() -> None:
    world = office().given(hear_from(ANN, R1), fail(ANN))
    world.at(NOON + NINE_DAYS).given(request_check(ANN, "asked-in-time"))
    world.at(NOON + NINE_DAYS + 10 * SECOND).given(pass_check(ANN))
    assert violations(world.log) == []

    world.at(NOON + NINE_DAYS + 20 * SECOND).given(user_check(ANN, check_id="asked-in-time"))

    assert violations(world.log) == []
