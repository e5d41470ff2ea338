"""Reading one's own write, on a store that wakes nobody."""

import time
from threading import Timer

import pytest

from adapters.stores.memory import MemoryViews
from engine.ports.errors import ViewStopped
from engine.ports.view_status import Stop
from engine.waiting import wait_for
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.projection import Projection
from tests.law.story import NOON

BOTH = (ACCOUNTS, CAMPAIGNS)


def at(position: int, *projections: Projection) -> MemoryViews:
    views = MemoryViews()
    move(views, position, *projections)
    return views


def move(views: MemoryViews, position: int, *projections: Projection) -> None:
    since = {each: views.position(each) for each in projections}
    views.save({each: {} for each in projections}, since, position)


def test_views_that_are_there_already_are_not_waited_for() -> None:
    assert wait_for(at(5, *BOTH), BOTH, 5, 0)
    assert wait_for(at(5, ACCOUNTS), [ACCOUNTS], 5, 0)
    assert wait_for(MemoryViews(), [], 5, 0)


def test_the_last_of_them_is_waited_for() -> None:
    views = at(4, *BOTH)
    move(views, 5, ACCOUNTS)
    later = Timer(0.1, move, (views, 6, CAMPAIGNS))
    later.start()

    assert wait_for(views, BOTH, 5, 30)
    assert views.position(CAMPAIGNS) == 6


def test_whoever_waits_in_vain_is_told_in_time() -> None:
    begun = time.monotonic()

    assert not wait_for(at(4, *BOTH), BOTH, 5, 0.1)

    assert 0.1 <= time.monotonic() - begun < 5


def test_nobody_waits_for_a_view_that_is_stopped_before() -> None:
    views = at(4, *BOTH)
    views.stop(CAMPAIGNS, Stop(5, "an error", NOON))

    with pytest.raises(ViewStopped, match="campaigns is stopped at position 5"):
        wait_for(views, BOTH, 5, 30)
    assert wait_for(views, BOTH, 4, 0)
    assert not wait_for(views, [ACCOUNTS], 5, 0)
