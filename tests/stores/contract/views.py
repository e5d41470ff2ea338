"""The port ``Views``: rows and positions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import product
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.ports.clock import ManualClock
from engine.ports.errors import StaleView, StoreError
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.vocabulary import RecipientStatus
from projections.accounts import ACCOUNTS, AccountRow
from projections.campaigns import CAMPAIGNS, CampaignRow
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS, RecipientRow
from projections.shipped import SHIPPED
from tests.law.story import NOON
from tests.stores.contract.words import (
    BETA,
    ODD,
    YEAR_2999,
)
from tests.workplace import ACME, Workplace, much_happens


class ViewsContract:
    """What projections keep."""

    def test_a_new_view_is_empty_and_stands_at_the_beginning(self, views: Views) -> None:
        for projection in SHIPPED:
            assert views.position(projection) == 0
            assert list(views.rows(projection)) == []
            assert views.count(projection) == 0

    def test_rows_and_positions_of_several_views_are_saved_together(self, views: Views) -> None:
        ann, spring = AccountRow(ACME, "ann"), CampaignRow(ACME, "spring")
        save(views, {ACCOUNTS: [ann], CAMPAIGNS: [spring]}, 7)

        assert (views.position(ACCOUNTS), views.position(CAMPAIGNS)) == (7, 7)
        assert views.position(RECIPIENT_STATUS) == 0
        assert list(views.rows(ACCOUNTS)) == [ann]
        assert list(views.rows(CAMPAIGNS)) == [spring]

    def test_a_row_is_replaced_and_the_others_stay(self, views: Views) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "autumn"), CampaignRow(ACME, "spring")]}, 1)
        changed = CampaignRow(ACME, "spring", pause_causes=("user",))
        save(views, {CAMPAIGNS: [changed]}, 2)

        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "autumn"), changed]

    def test_many_rows_are_written_and_replaced_at_once(self, views: Views) -> None:
        def rows(status: RecipientStatus) -> list[RecipientRow]:
            keys = product((ACME, BETA), ("autumn", "spring"), map("r{:02}".format, range(70)))
            return [
                RecipientRow(*key, status, held_until=NOON if number % 3 else None)
                for number, key in enumerate(keys)
            ]

        for position, status in enumerate((RecipientStatus.ACTIVE, RecipientStatus.REPLIED), 1):
            save(views, {RECIPIENT_STATUS: reversed(rows(status))}, position)

            assert list(views.rows(RECIPIENT_STATUS)) == rows(status)

    def test_a_page_without_rows_moves_the_position(self, views: Views) -> None:
        save(views, {CAMPAIGNS: []}, 3)

        assert views.position(CAMPAIGNS) == 3

    def test_only_the_rows_asked_for_are_fetched(self, views: Views) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "autumn"), CampaignRow(ACME, "spring")]}, 1)

        found = views.fetch(CAMPAIGNS, [(ACME, "spring"), (ACME, "never"), (BETA, "autumn")])

        assert found == {(ACME, "spring"): CampaignRow(ACME, "spring")}
        assert views.fetch(ACCOUNTS, []) == {}

    def test_rows_are_chosen_by_key_and_by_columns_and_stand_in_the_order_of_their_keys(
        self, views: Views
    ) -> None:
        stopped = RecipientStatus.CAMPAIGN_STOPPED
        names = ["10", "9", "Z", "a", "z", "Ä", ODD, "\uffee", "🌱"]
        spring = [RecipientRow(ACME, "spring", name) for name in names]
        spring[2] = RecipientRow(ACME, "spring", "Z", stopped, "ann")
        elsewhere = [
            RecipientRow(ACME, "summer", "a", stopped, "ann"),
            RecipientRow(BETA, "spring", "a", stopped, "ann"),
        ]
        save(views, {RECIPIENT_STATUS: [*reversed(spring), *elsewhere]}, 1)

        def found(*prefix: str, **equal: str) -> list[tuple[str, str, str]]:
            told = [row[:3] for row in views.rows(RECIPIENT_STATUS, *prefix, **equal)]
            assert views.count(RECIPIENT_STATUS, *prefix, **equal) == len(told)
            return told

        assert found(ACME, "spring") == [row[:3] for row in sorted(spring)]
        assert found(ACME, status=stopped, sender="ann") == [
            (ACME, "spring", "Z"),
            (ACME, "summer", "a"),
        ]
        assert found(BETA, "spring", "a") == [(BETA, "spring", "a")]
        assert found("nowhere") == []
        assert found(sender="bob") == []
        assert len(found()) == len(names) + 2

    @pytest.mark.parametrize("stale", [5, 4])
    def test_a_position_that_was_reached_before_is_refused(self, views: Views, stale: int) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        changed = keyed({CAMPAIGNS: [CampaignRow(ACME, "spring", slot_id="s1")]})

        with pytest.raises(StoreError, match="campaigns/1 stands at 5 already"):
            views.save(changed, {CAMPAIGNS: 5}, stale)

        assert views.position(CAMPAIGNS) == 5
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]

    @pytest.mark.parametrize("since", [0, 4, 6])
    def test_rows_folded_from_another_position_are_refused_with_all_that_came_along(
        self, views: Views, since: int
    ) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        changes = keyed(
            {
                ACCOUNTS: [AccountRow(ACME, "ann")],
                CAMPAIGNS: [CampaignRow(ACME, "spring", slot_id="s1")],
            }
        )

        with pytest.raises(StaleView, match=f"campaigns/1 stands at 5, not at {since}"):
            views.save(changes, {ACCOUNTS: 0, CAMPAIGNS: since}, 9)

        assert (views.position(ACCOUNTS), views.position(CAMPAIGNS)) == (0, 5)
        assert list(views.rows(ACCOUNTS)) == []
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]

    def test_a_view_is_emptied_and_begins_again_while_the_others_stay(self, views: Views) -> None:
        save(views, {ACCOUNTS: [AccountRow(ACME, "ann")], CAMPAIGNS: [CampaignRow(ACME, "b")]}, 5)
        views.reset(CAMPAIGNS)

        assert (views.position(CAMPAIGNS), list(views.rows(CAMPAIGNS))) == (0, [])
        assert (views.position(ACCOUNTS), len(views.rows(ACCOUNTS))) == (5, 1)
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "c")]}, 1)
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "c")]

    def test_rows_of_another_version_of_a_view_do_not_count(self, views: Views) -> None:
        newer = CAMPAIGNS._replace(version=2)
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        assert views.position(newer) == 0

        views.reset(newer)
        save(views, {newer: [CampaignRow(ACME, "summer")]}, 6)

        assert list(views.rows(newer)) == [CampaignRow(ACME, "summer")]
        assert views.position(CAMPAIGNS) == 0

        views.reset(CAMPAIGNS)
        assert views.position(newer) == 0

    def test_rows_are_tallied_by_their_values(self, views: Views) -> None:
        away = NOON
        active = RecipientRow(ACME, "spring", "r1", RecipientStatus.ACTIVE, sender="ann@acme.test")
        rows = [active, active._replace(recipient_id="r2"), active._replace(campaign_id="summer")]
        held = active._replace(recipient_id="r3", held_until=away)
        save(views, {RECIPIENT_STATUS: [*rows, held]}, 1)

        columns = ("status", "sender", "held_until")
        assert views.tally(RECIPIENT_STATUS, columns, ACME, "spring") == {
            (RecipientStatus.ACTIVE, "ann@acme.test", None): 2,
            (RecipientStatus.ACTIVE, "ann@acme.test", away): 1,
        }
        assert views.tally(RECIPIENT_STATUS, columns, "nobody") == {}

    @pytest.mark.parametrize("projection", SHIPPED, ids=lambda each: each.name)
    def test_every_field_of_a_shipped_row_survives(
        self, views: Views, projection: Projection
    ) -> None:
        empty = projection.row(*(f"key {n}" for n in range(projection.key_length)))
        full = projection.row(*(spoken(hint) for hint in get_type_hints(projection.row).values()))
        save(views, {projection: [empty, full]}, 1)

        for row in (empty, full):
            found = views.fetch(projection, [row[: projection.key_length]])
            (again,) = found.values()
            assert again == row
            assert list(map(type, again)) == list(map(type, row))

    def test_the_views_of_a_history_are_those_of_the_memory_store(
        self, store: Store, views: Views, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        other_clock = ManualClock(NOON)
        other = Workplace(MemoryStore(other_clock), other_clock)
        expected = MemoryViews()
        much_happens(other)

        ProjectionRunner(store, views, SHIPPED, page=7).catch_up()
        ProjectionRunner(other.store, expected, SHIPPED).catch_up()

        for projection in SHIPPED:
            assert list(views.rows(projection)) == list(expected.rows(projection))
            assert views.count(projection) > 0


def save(views: Views, changes: Mapping[Projection, Iterable[Any]], position: int) -> None:
    """Save these rows, folded from where each view stands."""
    since = {projection: views.position(projection) for projection in changes}
    views.save(keyed(changes), since, position)


def keyed(
    changes: Mapping[Projection, Iterable[Any]],
) -> dict[Projection, dict[tuple[str, ...], Any]]:
    return {
        projection: {row[: projection.key_length]: row for row in found}
        for projection, found in changes.items()
    }


def spoken(hint: Any) -> Any:
    """A value of that type that no store can take for another one."""
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    origin = get_origin(hint) or hint
    if issubclass(origin, StrEnum):
        return list(origin)[-1]
    return {
        str: ODD,
        int: 2**53 + 1,
        bool: True,
        datetime: YEAR_2999,
        dict: {ODD: 3, "b": 0},
        tuple: (ODD, "", "b"),
    }[origin]
