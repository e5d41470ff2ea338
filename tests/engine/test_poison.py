"""An event that cannot be taken stops the views that cannot take it, until somebody decides."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.folding import CannotTake
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError, StoreFailed, ViewStopped
from engine.ports.transactions import Append
from engine.ports.view_status import LONGEST_ERROR, Skip, Stop, one_line
from engine.ports.views import Views
from engine.projecting import Kept, ProjectionRunner
from events.campaign import RecipientAdded
from events.catalogue import UnknownTopic
from events.recorded import Recorded
from projections.campaigns import CAMPAIGNS
from projections.clocks import CLOCKS
from projections.histories import HISTORIES
from projections.projection import Projection, RowKey
from projections.recipient_status import RECIPIENT_STATUS
from tests.law.story import HOUR, NOON, import_recipients
from tests.workplace import ACME, Workplace, log_of, much_happens

PAGES = [1, 7, 20_000]
POISON = "poison"
"""A recipient whom a broken projection cannot stand."""


@pytest.fixture
def workplace() -> Workplace:
    """Much has happened, then the poison was imported, then more."""
    clock = ManualClock(NOON)
    happened = much_happens(Workplace(MemoryStore(clock), clock))
    return happened.given(import_recipients(POISON), import_recipients("later"))


@pytest.fixture
def position(workplace: Workplace) -> int:
    return next(each.position for each in log_of(workplace.store) if is_poison(each))


def is_poison(recorded: Recorded) -> bool:
    return getattr(recorded.event, "recipient_id", None) == POISON


def refuse(_row: Any, recorded: Recorded) -> Any:
    if is_poison(recorded):
        raise ValueError("What\n is this?")
    return RECIPIENT_STATUS.evolve(_row, recorded)


def no_key(recorded: Recorded) -> RowKey:
    if is_poison(recorded):
        raise KeyError(POISON)
    return HISTORIES.key(recorded)


EVOLVE = RECIPIENT_STATUS._replace(evolve=refuse)
KEY = HISTORIES._replace(key=no_key)


def keep_up(
    workplace: Workplace, views: Views, *projections: Projection, page: int = 20_000
) -> Kept:
    return ProjectionRunner(workplace.store, views, projections, page).keep_up()


def catch_up(workplace: Workplace, views: Views, *projections: Projection) -> int:
    return ProjectionRunner(workplace.store, views, projections).catch_up()


def replayed(
    workplace: Workplace,
    projection: Projection,
    *,
    takes: Callable[[Recorded], bool] = lambda _: True,
) -> dict[RowKey, Any]:
    """Its rows folded from zero, one event after the other, out of those that it ``takes``."""
    rows: dict[RowKey, Any] = {}
    for each in log_of(workplace.store):
        if type(each.event) in projection.watches and takes(each):
            key = projection.key(each)
            rows[key] = projection.evolve(rows.get(key), each)
    return rows


def rows(views: Views, projection: Projection) -> dict[RowKey, Any]:
    return {row[: projection.key_length]: row for row in views.rows(projection)}


def skip(workplace: Workplace, views: Views, projection: Projection, position: int) -> None:
    views.skip(projection, Skip(position, "a test", "user:test", workplace.store.now()))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (EVOLVE, "RecipientAdded: ValueError: What is this?"),
        (KEY, "RecipientAdded: KeyError: 'poison'"),
    ],
    ids=["evolve", "key"],
)
def test_one_view_is_stopped_at_the_event_it_cannot_take_and_the_others_go_on(
    workplace: Workplace, position: int, broken: Projection, error: str, page: int
) -> None:
    views, end = MemoryViews(), workplace.store.last_position()
    stop = Stop(position, error, workplace.store.now())

    kept = keep_up(workplace, views, CAMPAIGNS, broken, CLOCKS, page=page)

    assert kept == Kept(end, {broken: stop})
    statuses = views.statuses([CAMPAIGNS, broken, CLOCKS])
    assert [each.position for each in statuses.values()] == [end, position - 1, end]
    assert [each.stop for each in statuses.values()] == [None, stop, None]
    for each in (CAMPAIGNS, CLOCKS):
        assert rows(views, each) == replayed(workplace, each)
    before = replayed(workplace, broken, takes=lambda each: each.position < position)
    assert rows(views, broken) == before


def test_a_stopped_view_is_not_tried_again_by_itself(workplace: Workplace) -> None:
    views = MemoryViews()
    stopped = keep_up(workplace, views, CAMPAIGNS, EVOLVE).stopped
    workplace.at(workplace.clock.time + HOUR).given(import_recipients("even later"))

    kept = keep_up(workplace, views, CAMPAIGNS, RECIPIENT_STATUS)

    assert kept == Kept(workplace.store.last_position(), stopped)


def test_where_every_view_is_stopped_nothing_is_read(workplace: Workplace) -> None:
    views = MemoryViews()
    stopped = keep_up(workplace, views, EVOLVE).stopped

    class Unread:
        last_position = workplace.store.last_position

    kept = ProjectionRunner(Unread(), views, (EVOLVE,)).keep_up()  # type: ignore[arg-type]

    assert kept == Kept(workplace.store.last_position(), stopped)


def test_a_view_that_is_retried_goes_on_where_it_was_stopped(workplace: Workplace) -> None:
    views = MemoryViews()
    keep_up(workplace, views, CAMPAIGNS, EVOLVE)

    views.retry(EVOLVE)
    assert EVOLVE in keep_up(workplace, views, EVOLVE).stopped
    views.retry(EVOLVE)

    assert keep_up(workplace, views, RECIPIENT_STATUS).stopped == {}
    assert rows(views, RECIPIENT_STATUS) == replayed(workplace, RECIPIENT_STATUS)


def test_another_version_of_a_stopped_view_is_built_anew(workplace: Workplace) -> None:
    views, newer = MemoryViews(), RECIPIENT_STATUS._replace(version=99)
    keep_up(workplace, views, EVOLVE)

    assert keep_up(workplace, views, newer).stopped == {}

    assert rows(views, newer) == replayed(workplace, newer)


@pytest.mark.parametrize("page", PAGES)
def test_a_skipped_event_is_passed_over_now_and_whenever_the_view_is_folded(
    workplace: Workplace, position: int, page: int
) -> None:
    views = MemoryViews()
    keep_up(workplace, views, CAMPAIGNS, EVOLVE)
    expected = replayed(workplace, RECIPIENT_STATUS, takes=lambda each: each.position != position)

    skip(workplace, views, EVOLVE, position)
    assert keep_up(workplace, views, CAMPAIGNS, EVOLVE, page=page).stopped == {}
    assert rows(views, EVOLVE) == expected

    views.reset(EVOLVE)
    catch_up(workplace, views, EVOLVE)
    assert rows(views, EVOLVE) == expected
    assert rows(views, CAMPAIGNS) == replayed(workplace, CAMPAIGNS)


def test_whoever_needs_a_stopped_view_is_told_where_and_what_to_do(
    workplace: Workplace, position: int
) -> None:
    views = MemoryViews()
    keep_up(workplace, views, EVOLVE)

    with pytest.raises(ViewStopped) as told:
        catch_up(workplace, views, EVOLVE, CAMPAIGNS)

    assert str(told.value) == (
        f"View recipient_status is stopped at position {position} (RecipientAdded: ValueError: "
        "What is this?)."
    )
    assert rows(views, CAMPAIGNS) == replayed(workplace, CAMPAIGNS)


def test_whoever_asks_first_is_told_and_nothing_is_recorded(
    workplace: Workplace, position: int
) -> None:
    views = MemoryViews()

    with pytest.raises(CannotTake, match=f"cannot take the event at position {position} "):
        catch_up(workplace, views, CAMPAIGNS, EVOLVE)

    assert views.statuses([EVOLVE])[EVOLVE].stop is None


def test_an_error_is_told_in_one_line_of_bounded_length() -> None:
    assert one_line(ValueError()) == "ValueError"
    assert one_line(ValueError("a\n  b")) == "ValueError: a b"
    assert len(one_line(ValueError("x" * 10_000))) == LONGEST_ERROR


# What nobody can read.


@pytest.fixture
def unreadable(workplace: Workplace) -> int:
    """An event nobody knows becomes the log's next, and more follows. Answers its position."""
    with workplace.store.transaction(ACME) as transaction:
        envelope = workplace.log[-1].envelope._replace(
            command_id="unknown", first_position=1, event_count=1
        )
        stream = f"{ACME}:campaign:never"
        transaction.append(Append([(stream, 1, "Poisoned", b"{}")], [envelope], {}, ()))
    workplace.given(import_recipients("behind it"))
    return transaction.appended_after + 1


@pytest.mark.parametrize("page", PAGES)
def test_what_cannot_be_read_stops_every_view_since_nobody_knows_whom_it_concerns(
    workplace: Workplace, unreadable: int, page: int
) -> None:
    views = MemoryViews()

    kept = keep_up(workplace, views, CAMPAIGNS, CLOCKS, EVOLVE, page=page)

    assert {each.position for each in kept.stopped.values()} == {unreadable, kept_at(views, EVOLVE)}
    assert kept.stopped[CAMPAIGNS].error.startswith("UnknownTopic: Unknown event type 'Poisoned'")
    assert views.position(CAMPAIGNS) == views.position(CLOCKS) == unreadable - 1
    assert kept_at(views, EVOLVE) < unreadable


def kept_at(views: Views, projection: Projection) -> int:
    stop = views.statuses([projection])[projection].stop
    assert stop is not None
    return stop.position


def test_what_cannot_be_read_is_skipped_view_by_view(workplace: Workplace, unreadable: int) -> None:
    views, end = MemoryViews(), workplace.store.last_position()
    keep_up(workplace, views, CAMPAIGNS, CLOCKS)

    skip(workplace, views, CLOCKS, unreadable)
    kept = keep_up(workplace, views, CAMPAIGNS, CLOCKS)
    assert [*kept.stopped] == [CAMPAIGNS]
    assert (views.position(CAMPAIGNS), views.position(CLOCKS)) == (unreadable - 1, end)

    skip(workplace, views, CAMPAIGNS, unreadable)
    assert catch_up(workplace, views, CAMPAIGNS, CLOCKS) == end
    assert any(row.campaign_id == "spring" for row in views.rows(CAMPAIGNS))


def test_a_view_that_skips_what_cannot_be_read_is_rebuilt_without_it(
    workplace: Workplace, unreadable: int
) -> None:
    views = MemoryViews()
    keep_up(workplace, views, RECIPIENT_STATUS)
    skip(workplace, views, RECIPIENT_STATUS, unreadable)
    views.reset(RECIPIENT_STATUS)

    assert catch_up(workplace, views, RECIPIENT_STATUS) == workplace.store.last_position()
    assert ("acme", "spring", "behind it") in rows(views, RECIPIENT_STATUS)

    with pytest.raises(UnknownTopic):
        catch_up(workplace, views, RECIPIENT_STATUS, CAMPAIGNS)


# Others at work at the same time.


class SkippedMeanwhile(MemoryViews):
    """Somebody else stops the view first, and an operator has it skip the event at once."""

    def stop(self, projection: Projection, stop: Stop) -> None:
        super().stop(projection, stop)
        if not self.statuses([projection])[projection].skips:
            super().skip(projection, Skip(stop.position, "quick", "user:test", stop.since))
        super().stop(projection, stop)


def test_an_event_that_was_skipped_meanwhile_stops_nobody(
    workplace: Workplace, position: int
) -> None:
    views = SkippedMeanwhile()

    assert keep_up(workplace, views, EVOLVE).stopped == {}

    assert views.position(EVOLVE) == workplace.store.last_position()
    assert views.statuses([EVOLVE])[EVOLVE].passes_over == {position}


def test_a_broken_store_stops_no_view(workplace: Workplace) -> None:
    class Broken(MemoryViews):
        def save(self, *_: Any) -> None:
            raise StoreFailed(store="a.db", said="the disk is full")

    views = Broken()
    with pytest.raises(StoreError, match="full"):
        keep_up(workplace, views, CAMPAIGNS)

    assert views.statuses([CAMPAIGNS])[CAMPAIGNS].stop is None


def test_the_poison_is_watched_by_the_views_that_it_is_to_stop() -> None:
    """So that the tests above test something."""
    assert RecipientAdded in RECIPIENT_STATUS.watches & HISTORIES.watches
    assert RecipientAdded not in CAMPAIGNS.watches | CLOCKS.watches
