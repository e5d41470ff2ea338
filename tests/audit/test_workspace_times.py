"""A clock that was set back is no damage, and is told."""

from collections.abc import Iterator

import pytest

from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.audit.workspace_times import notes_on_times
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from tests.law.story import (
    ANN,
    DAY,
    MINUTE,
    NOON,
    R1,
    connect,
    create,
    fail,
    hear_from,
    request_check,
    start,
)
from tests.workplace import Workplace, opened_at

DEADLINE = NOON + 9 * DAY


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[Store]:
    opened = opened_at(url, clock)
    yield opened.store
    opened.close()


@pytest.mark.rule("C6")
def test_a_clock_set_back_after_a_turn_that_moved_a_timer_alone_is_no_damage(
    store: Store, clock: ManualClock
) -> None:
    workplace = Workplace(store, clock)
    workplace.given(connect(ANN), create(ANN, to=[R1]), start(), hear_from(ANN, R1), fail(ANN))
    workplace.at(DEADLINE - MINUTE / 6).given(request_check(ANN, "check-1")).tick()
    last = store.last_entry()
    workplace.at(DEADLINE).tick()
    assert store.last_entry() == last
    assert [*notes_on_times(store)] == []

    clock.time = DEADLINE - MINUTE / 12

    assert [*check_entries(store), *check_indexes(store)] == []
    (told,) = notes_on_times(store)
    assert "acme it is 2026-03-11T12:00:00Z, by the store's clock 2026-03-11T11:59:55Z" in told
