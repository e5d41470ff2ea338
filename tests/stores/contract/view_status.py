"""The port ``Views``: stops and skips."""

import pytest

from engine.ports.errors import NotStoppedThere, StaleView
from engine.ports.view_status import Skip, Stop, ViewStatus
from engine.ports.views import Views
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import MINUTE, NOON
from tests.stores.contract.views import save
from tests.stores.contract.words import (
    ODD,
    YEAR_2999,
)

STOP = Stop(6, "ValueError: what is this?", NOON)
SKIP = Skip(6, "never happened", "user:test", NOON + MINUTE)


class ViewStatusContract:
    """A view that cannot take an event waits for an operator."""

    def test_a_new_view_is_not_stopped_and_passes_over_nothing(self, views: Views) -> None:
        save(views, {ACCOUNTS: []}, 5)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5),
            CAMPAIGNS: ViewStatus(0),
        }
        assert views.keepers(SHIPPED) == {}

    def test_a_stop_is_that_of_one_view_and_can_be_recorded_anew(self, views: Views) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP._replace(error="before", since=NOON - MINUTE))
        views.stop(ACCOUNTS, STOP._replace(error=ODD, since=YEAR_2999))

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, STOP._replace(error=ODD, since=YEAR_2999)),
            CAMPAIGNS: ViewStatus(5),
        }

    def test_a_view_can_be_stopped_at_the_first_event(self, views: Views) -> None:
        views.stop(ACCOUNTS, STOP._replace(position=1))

        assert list(views.rows(ACCOUNTS)) == []
        assert views.statuses([ACCOUNTS])[ACCOUNTS].stop == STOP._replace(position=1)

    @pytest.mark.parametrize("position", [4, 5, 7])
    def test_a_view_is_stopped_only_right_after_where_it_stands(
        self, views: Views, position: int
    ) -> None:
        save(views, {ACCOUNTS: []}, 5)

        with pytest.raises(StaleView):
            views.stop(ACCOUNTS, STOP._replace(position=position))

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(5)}

    def test_a_view_that_is_retried_is_not_stopped(self, views: Views) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        for projection in (ACCOUNTS, CAMPAIGNS):
            views.stop(projection, STOP)

        views.retry(ACCOUNTS)
        views.retry(RECIPIENT_STATUS)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5),
            CAMPAIGNS: ViewStatus(5, STOP),
        }

    def test_the_event_at_which_a_view_is_stopped_is_skipped_for_ever(self, views: Views) -> None:
        later = SKIP._replace(position=8, reason=ODD, actor=ODD, skipped_at=YEAR_2999)
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)
        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, skips=(SKIP,)),
            CAMPAIGNS: ViewStatus(5),
        }

        save(views, {ACCOUNTS: []}, 7)
        views.stop(ACCOUNTS, STOP._replace(position=8))
        views.skip(ACCOUNTS, later)
        views.reset(ACCOUNTS)

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(0, skips=(SKIP, later))}

    def test_no_other_event_than_the_one_at_which_a_view_is_stopped_is_skipped(
        self, views: Views
    ) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP)

        with pytest.raises(NotStoppedThere, match="accounts is stopped at position 6, so 7 was"):
            views.skip(ACCOUNTS, SKIP._replace(position=7))
        with pytest.raises(NotStoppedThere, match="campaigns is not stopped"):
            views.skip(CAMPAIGNS, SKIP)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, STOP),
            CAMPAIGNS: ViewStatus(5),
        }

    def test_a_view_is_not_stopped_at_what_it_was_told_to_skip_meanwhile(
        self, views: Views
    ) -> None:
        save(views, {ACCOUNTS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)

        with pytest.raises(StaleView):
            views.stop(ACCOUNTS, STOP)

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(5, skips=(SKIP,))}

    def test_a_stop_counts_only_where_the_view_stands(self, views: Views) -> None:
        """It went on, or was emptied: the stop is over."""
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        for projection in (ACCOUNTS, CAMPAIGNS):
            views.stop(projection, STOP)

        save(views, {ACCOUNTS: []}, 6)
        views.reset(CAMPAIGNS)
        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(6),
            CAMPAIGNS: ViewStatus(0),
        }

        save(views, {CAMPAIGNS: []}, 5)
        assert views.statuses([CAMPAIGNS]) == {CAMPAIGNS: ViewStatus(5)}

    def test_stops_and_skips_of_another_version_do_not_count(self, views: Views) -> None:
        newer = ACCOUNTS._replace(version=ACCOUNTS.version + 1)
        save(views, {ACCOUNTS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)
        views.reset(newer)
        save(views, {newer: []}, 5)

        assert views.statuses([newer]) == {newer: ViewStatus(5)}
