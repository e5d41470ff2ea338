"""A view has one leader; who was one and does not know better yet writes nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import psycopg
import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.leading import Leader
from engine.ports.clock import ManualClock
from engine.ports.errors import Fenced
from engine.ports.view_status import Skip, Stop
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.recorded import Recorded
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.clocks import CLOCKS
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import NOON
from tests.workplace import Workplace, much_happens

OLD, NEW = "old", "new"
PAGE = 40


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres_url)) as store:
        yield store


@pytest.fixture
def other_store(store: PostgresStore) -> Iterator[PostgresStore]:
    """The same ledger, as another process has it open."""
    with closing(PostgresStore(store.url)) as other:
        yield other


@pytest.fixture
def old(store: PostgresStore) -> Iterator[Leader]:
    with closing(Leader(store, OLD)) as leader:
        yield leader


@pytest.fixture
def new(other_store: PostgresStore) -> Iterator[Leader]:
    with closing(Leader(other_store, NEW)) as leader:
        yield leader


def cut(store: PostgresStore, keeper: str) -> None:
    """The server ends the connection on which that keeper holds its locks."""
    with psycopg.connect(store.url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = "
            "%s AND datname = current_database()",
            (f"sendledger projections {keeper}",),
        ).fetchall()
    assert ended == [(True,)]


def rows(views: Views) -> dict[str, list[Any]]:
    return {each.name: list(views.rows(each)) for each in SHIPPED}


def replayed() -> list[dict[str, list[Any]]]:
    """The rows after each page of the same history when nobody disturbs."""
    clock, views = ManualClock(NOON), MemoryViews()
    pages = list[dict[str, list[Any]]]()
    store = much_happens(Workplace(MemoryStore(clock), clock)).store
    ProjectionRunner(store, views, SHIPPED, PAGE).catch_up(lambda _: pages.append(rows(views)))
    return pages


def happened(url: str) -> None:
    clock = ManualClock(NOON)
    with closing(PostgresStore(url, clock)) as store:
        much_happens(Workplace(store, clock))


# Who leads.


def test_one_leads_until_it_lets_go(old: Leader, new: Leader) -> None:
    assert old.lead(SHIPPED) == dict.fromkeys(SHIPPED, 1)
    assert new.lead(SHIPPED) == {}
    assert old.lead(SHIPPED) == dict.fromkeys(SHIPPED, 1)

    old.close()

    assert new.lead(SHIPPED) == dict.fromkeys(SHIPPED, 2)
    assert old.lead(SHIPPED) == {}


def test_views_are_led_one_by_one(old: Leader, new: Leader) -> None:
    assert old.lead([CAMPAIGNS]) == {CAMPAIGNS: 1}
    assert new.lead([CAMPAIGNS, ACCOUNTS]) == {ACCOUNTS: 1}
    assert old.lead([CAMPAIGNS, ACCOUNTS, CLOCKS]) == {CAMPAIGNS: 1, CLOCKS: 1}
    assert old.lead([CLOCKS]) == {CLOCKS: 1}
    assert new.lead([CAMPAIGNS, ACCOUNTS]) == {ACCOUNTS: 1, CAMPAIGNS: 2}
    assert new.lead([]) == {}


def test_who_lost_its_connection_leads_nothing_and_begins_a_new_epoch(
    store: PostgresStore, old: Leader
) -> None:
    old.lead([CAMPAIGNS])
    cut(store, OLD)

    assert old.lead([CAMPAIGNS]) == {}
    assert old.lead([CAMPAIGNS]) == {CAMPAIGNS: 2}


def test_who_takes_over_is_told_by_name(store: PostgresStore, old: Leader, new: Leader) -> None:
    views = PostgresViews(store)
    assert views.keepers(SHIPPED) == {}

    old.lead([CAMPAIGNS, ACCOUNTS])
    assert {each: keeper.name for each, keeper in views.keepers(SHIPPED).items()} == {
        CAMPAIGNS: OLD,
        ACCOUNTS: OLD,
    }
    since = views.keepers(SHIPPED)[CAMPAIGNS].since

    cut(store, OLD)
    assert views.keepers(SHIPPED) == {}

    new.lead([CAMPAIGNS])
    (keeper,) = views.keepers(SHIPPED).values()
    assert keeper.name == NEW
    assert since < keeper.since <= store.now()


def test_another_version_of_a_view_is_led_by_itself(old: Leader, new: Leader) -> None:
    newer = CAMPAIGNS._replace(version=2)

    assert old.lead([CAMPAIGNS]) == {CAMPAIGNS: 1}
    assert new.lead([newer]) == {newer: 1}


# What keeps two leaders apart.


def test_two_leaders_at_once_and_the_older_one_writes_nothing(
    store: PostgresStore, other_store: PostgresStore, old: Leader, new: Leader
) -> None:
    """The older one's connection is lost while it folds its second page; it goes on unawares."""
    happened(store.url)
    taken = dict[Projection, int]()

    def evolve(row: Any, recorded: Recorded) -> Any:
        if recorded.position > PAGE and not taken:
            cut(store, OLD)
            taken.update(new.lead(SHIPPED))
        return RECIPIENT_STATUS.evolve(row, recorded)

    slow = [each._replace(evolve=evolve) if each == RECIPIENT_STATUS else each for each in SHIPPED]
    views = PostgresViews(store).fenced(old.lead(slow))
    with pytest.raises(Fenced, match="is led in epoch 2 by another process; this one led it in 1"):
        ProjectionRunner(store, views, slow, page=PAGE).keep_up()

    assert taken == dict.fromkeys(SHIPPED, 2)
    assert {views.position(each) for each in SHIPPED} == {PAGE}
    after_a_page, *_, at_the_end = replayed()
    assert rows(views) == after_a_page

    successor = PostgresViews(other_store).fenced(taken)
    assert ProjectionRunner(other_store, successor, SHIPPED, page=PAGE).keep_up().stopped == {}
    assert old.lead(SHIPPED) == {}
    assert rows(successor) == at_the_end


STOP = Stop(1, "an error", NOON)


@pytest.mark.parametrize(
    "write",
    [
        lambda views: views.save({CAMPAIGNS: {}}, {CAMPAIGNS: 0}, 1),
        lambda views: views.reset(CAMPAIGNS),
        lambda views: views.stop(CAMPAIGNS, STOP),
    ],
    ids=["save", "reset", "stop"],
)
def test_who_was_overtaken_writes_nothing_at_all(
    store: PostgresStore, old: Leader, new: Leader, write: Callable[[PostgresViews], None]
) -> None:
    views = PostgresViews(store).fenced(old.lead([CAMPAIGNS, ACCOUNTS]))
    cut(store, OLD)
    new.lead([CAMPAIGNS])

    with pytest.raises(Fenced, match="campaigns/1 is led in epoch 2"):
        write(views)

    assert views.statuses([CAMPAIGNS])[CAMPAIGNS] == (0, None, ())
    views.save({ACCOUNTS: {}}, {ACCOUNTS: 0}, 1)
    assert views.position(ACCOUNTS) == 1


def test_who_leads_some_views_writes_no_others(store: PostgresStore, old: Leader) -> None:
    views = PostgresViews(store).fenced(old.lead([CAMPAIGNS]))

    with pytest.raises(Fenced):
        views.save({CAMPAIGNS: {}, ACCOUNTS: {}}, {CAMPAIGNS: 0, ACCOUNTS: 0}, 1)

    assert (views.position(CAMPAIGNS), views.position(ACCOUNTS)) == (0, 0)


def test_nobody_takes_over_in_the_middle_of_a_save(
    store: PostgresStore, old: Leader, new: Leader
) -> None:
    views = PostgresViews(store).fenced(old.lead([CAMPAIGNS]))
    cut(store, OLD)
    led = list[dict[Projection, int]]()
    successor = Thread(target=lambda: led.append(new.lead([CAMPAIGNS])))

    with views._changing(CAMPAIGNS):
        successor.start()
        successor.join(0.3)
        assert successor.is_alive()
    successor.join(10)

    assert led == [{CAMPAIGNS: 2}]


def test_an_operator_decides_whoever_leads(store: PostgresStore, old: Leader) -> None:
    views = PostgresViews(store)
    led = views.fenced(old.lead([CAMPAIGNS]))
    led.stop(CAMPAIGNS, STOP)

    views.skip(CAMPAIGNS, Skip(1, "never happened", "user:test", NOON))

    assert led.statuses([CAMPAIGNS])[CAMPAIGNS].passes_over == {1}
    led.save({CAMPAIGNS: {}}, {CAMPAIGNS: 0}, 1)
