"""One loop keeps the views: live, catching up and rebuilding, whatever the page."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.folding import CannotTake
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError
from engine.ports.log import Page
from engine.ports.store import Store
from engine.ports.transactions import Append
from engine.ports.views import Changes, Since
from engine.projecting import ProjectionRunner
from events.catalogue import UnknownTopic, UnreadableEvent
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import NOON, R1, SPRING, import_recipients
from tests.workplace import ACME, Workplace, much_happens

Rows = dict[str, list[Any]]


@pytest.fixture
def workplace() -> Workplace:
    clock = ManualClock(NOON)
    return much_happens(Workplace(MemoryStore(clock), clock))


class CountingViews(MemoryViews):
    """Views that remember what was done to them."""

    def __init__(self) -> None:
        super().__init__()
        self.resets = Counter[str]()
        self.saved = list[tuple[set[str], int]]()

    def reset(self, projection: Projection) -> None:
        self.resets[projection.tracking_name] += 1
        super().reset(projection)

    def save(self, changes: Changes, since: Since, position: int) -> None:
        super().save(changes, since, position)
        self.saved.append(({each.name for each in changes}, position))

    def forget(self) -> "CountingViews":
        self.resets.clear()
        self.saved.clear()
        return self


class Unwatched:
    """A store that fails when the log is read."""

    def __init__(self, store: Store) -> None:
        self.last_position = store.last_position

    def read(self, after: int, limit: int) -> Page:
        raise AssertionError(f"read {limit} behind {after}")


def rows(views: MemoryViews, projections: tuple[Projection, ...] = SHIPPED) -> Rows:
    return {each.name: list(views.rows(each)) for each in projections}


def caught_up(
    store: Store,
    views: CountingViews | None = None,
    projections: tuple[Projection, ...] = SHIPPED,
    page: int = 20_000,
) -> CountingViews:
    views = views or CountingViews()
    end = ProjectionRunner(store, views, projections, page).catch_up()
    assert end == store.last_position()
    assert {views.position(each) for each in projections} == {end}
    return views


def test_pages_of_any_size_give_the_same_rows(workplace: Workplace) -> None:
    end = workplace.store.last_position()
    whole = caught_up(workplace.store)
    assert all(rows(whole).values())
    assert len(whole.saved) == 1

    for page in (1, 2, 3, 10, end - 1, end):
        views = caught_up(workplace.store, page=page)
        assert rows(views) == rows(whole)
        assert [position for _, position in views.saved] == [*range(page, end, page), end]


def test_views_that_are_up_to_date_write_nothing(workplace: Workplace) -> None:
    views = caught_up(workplace.store).forget()

    caught_up(workplace.store, views)

    assert (views.saved, views.resets) == ([], {})


def test_only_what_is_new_is_folded(workplace: Workplace) -> None:
    views = caught_up(workplace.store).forget()
    end = workplace.store.last_position()
    workplace.given(import_recipients("late"))

    caught_up(workplace.store, views)

    assert [position for _, position in views.saved] == [end + 1]
    assert rows(views) == rows(caught_up(workplace.store))


def test_progress_is_told_after_every_page(workplace: Workplace) -> None:
    told, end = list[int](), workplace.store.last_position()

    ProjectionRunner(workplace.store, MemoryViews(), SHIPPED, 40).catch_up(told.append)

    assert told == [*range(40, end, 40), end]


def test_a_new_version_rebuilds_that_view_alone(workplace: Workplace) -> None:
    views = caught_up(workplace.store).forget()
    before = rows(views)
    newer = CAMPAIGNS._replace(version=2)
    projections = tuple(newer if each.name == CAMPAIGNS.name else each for each in SHIPPED)

    caught_up(workplace.store, views, projections, page=30)

    assert views.resets == {"campaigns/2": 1}
    assert {name for names, _ in views.saved for name in names} == {CAMPAIGNS.name}
    assert rows(views, projections) == before


def test_the_older_version_of_a_program_rebuilds_its_view_as_well(workplace: Workplace) -> None:
    views = caught_up(workplace.store)
    before = rows(views)
    caught_up(workplace.store, views, (CAMPAIGNS._replace(version=2, evolve=lambda row, _: row),))
    views.forget()

    caught_up(workplace.store, views)

    assert views.resets == {"campaigns/1": 1}
    assert rows(views) == before


def test_a_view_that_is_behind_catches_up_while_others_are_ahead(workplace: Workplace) -> None:
    views = caught_up(workplace.store, projections=(ACCOUNTS,))
    early = workplace.store.last_position()
    workplace.given(import_recipients("late"))
    ProjectionRunner(workplace.store, views, (RECIPIENT_STATUS,), 10).catch_up()
    views.forget()

    caught_up(workplace.store, views, page=25)

    assert rows(views) == rows(caught_up(workplace.store))
    for names, position in views.saved:
        assert (ACCOUNTS.name in names) == (position > early)
        assert RECIPIENT_STATUS.name not in names


@pytest.mark.parametrize("projections", [SHIPPED, (RECIPIENT_STATUS,)], ids=["all", "one"])
def test_a_view_that_is_ahead_of_the_log_is_built_anew(
    workplace: Workplace, projections: tuple[Projection, ...]
) -> None:
    """The log was restored from a backup that is older than the views."""
    clock = ManualClock(NOON)
    restored = much_happens(Workplace(MemoryStore(clock), clock))
    workplace.given(import_recipients("in no backup"))
    views = caught_up(workplace.store, projections=projections).forget()

    caught_up(restored.store, views, projections)

    assert views.resets == {each.tracking_name: 1 for each in projections}
    assert rows(views, projections) == rows(caught_up(restored.store), projections)


def test_an_empty_log_is_never_read_past_its_end() -> None:
    views = caught_up(MemoryStore(ManualClock(NOON)))

    assert views.saved == []


# What cannot be read.


def poison(workplace: Workplace) -> int:
    """An event nobody knows becomes the log's next. Answers its position."""
    with workplace.store.transaction(ACME) as transaction:
        envelope = workplace.log[-1].envelope._replace(
            command_id="poison", first_position=1, event_count=1
        )
        stream = f"{ACME}:campaign:never"
        transaction.append(Append([(stream, 1, "Poisoned", b"{}")], [envelope], {}, ()))
    return transaction.appended_after + 1


@pytest.mark.parametrize("page", [1, 7, 20_000])
def test_a_poisoned_event_stops_the_views_with_all_that_came_before(
    workplace: Workplace, page: int
) -> None:
    before = rows(caught_up(workplace.store))
    position = poison(workplace)
    workplace.given(import_recipients("behind the poison"))
    views = MemoryViews()

    for _ in range(2):
        with pytest.raises(UnknownTopic, match=f"'Poisoned' at position {position} "):
            ProjectionRunner(workplace.store, views, SHIPPED, page).catch_up()

        assert {views.position(each) for each in SHIPPED} == {position - 1}
        assert rows(views) == before


def refuse(_row: Any, _recorded: Any) -> Any:
    raise ZeroDivisionError


def test_a_projection_that_fails_keeps_what_was_saved_before(workplace: Workplace) -> None:
    views = MemoryViews()
    ProjectionRunner(workplace.store, views, SHIPPED).catch_up()
    before = rows(views), views.position(CAMPAIGNS)
    workplace.given(import_recipients("late"))
    failing = RECIPIENT_STATUS._replace(evolve=refuse)

    with pytest.raises(CannotTake, match=r"recipient_status cannot take .*ZeroDivisionError"):
        ProjectionRunner(workplace.store, views, (CAMPAIGNS, failing)).catch_up()

    assert (rows(views), views.position(CAMPAIGNS)) == before


# Another process keeps the same views.


class Contested(MemoryViews):
    """Views to which somebody else comes first, so many times."""

    def __init__(self, times: int, come_first: Callable[[MemoryViews], None]) -> None:
        super().__init__()
        self.times, self._come_first = times, come_first

    def save(self, changes: Changes, since: Since, position: int) -> None:
        if self.times:
            self.times -= 1
            self._come_first(self)
        super().save(changes, since, position)


def test_who_comes_second_goes_on_from_where_the_first_one_is(workplace: Workplace) -> None:
    def come_first(views: MemoryViews) -> None:
        ProjectionRunner(workplace.store, views, SHIPPED, 30).catch_up()

    views = Contested(1, come_first)
    ProjectionRunner(workplace.store, views, SHIPPED, 20).catch_up()

    assert rows(views) == rows(caught_up(workplace.store))


def test_who_never_gets_a_turn_gives_up(workplace: Workplace) -> None:
    """One view is moved a step whenever this process wants to write."""

    def come_first(views: MemoryViews) -> None:
        at = views.position(CAMPAIGNS)
        views._positions[CAMPAIGNS.tracking_name] = at + 1

    views = Contested(1_000, come_first)
    with pytest.raises(StoreError, match="another process keeps it too"):
        ProjectionRunner(workplace.store, views, (CAMPAIGNS,), 1_000).catch_up()

    assert not isinstance(StoreError, UnreadableEvent)
    assert views.times == 990


def test_the_rows_are_those_of_the_story(workplace: Workplace) -> None:
    """So that the comparisons above compare something."""
    views = caught_up(workplace.store)

    (stopped,) = views.rows(RECIPIENT_STATUS, ACME, SPRING, R1)
    assert (stopped.status, stopped.sender, stopped.emails_received) == (
        "campaign_stopped",
        "ann@acme.test",
        1,
    )
