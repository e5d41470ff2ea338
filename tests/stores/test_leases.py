"""Due workspaces go to one worker each, come back, and are parked when they cannot be settled."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.coordination import PostgresCoordination
from adapters.stores.postgres.leases import Leases
from engine.ports.clock import ManualClock
from tests.law.story import HOUR, MINUTE, NOON
from tests.stores.contract.words import WAKE, set_timers

WORKSPACES = [f"w{number:03}" for number in range(40)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(postgres_url: str, clock: ManualClock) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres_url, clock)) as store:
        yield store


@pytest.fixture
def coordination(store: PostgresStore) -> PostgresCoordination:
    return PostgresCoordination(store, PostgresViews(store))


@pytest.fixture
def leases(store: PostgresStore) -> Iterator[Leases]:
    with closing(Leases(store, "one", most_failures=2)) as leases:
        yield leases


def due_in(store: PostgresStore, *workspaces: str, at: timedelta = timedelta(0)) -> None:
    for number, workspace in enumerate(workspaces):
        set_timers(store, f"c{number}-{at}", {WAKE: NOON + at}, workspace)


def names(leases: Leases, most: int = 100) -> list[str]:
    return sorted(each.workspace for each in leases.lease(most))


@pytest.mark.rule("S7")
def test_only_what_is_due_is_leased_the_longest_due_first(
    store: PostgresStore, clock: ManualClock, leases: Leases
) -> None:
    due_in(store, "late", at=HOUR)
    due_in(store, "early")

    assert names(leases) == ["early"]
    leases.settled(["early"])
    clock.time = NOON + HOUR
    assert names(leases, most=1) == ["early"]
    assert names(leases, most=1) == ["late"]


@pytest.mark.rule("S7")
def test_a_cleared_timer_is_no_longer_due(store: PostgresStore, leases: Leases) -> None:
    due_in(store, "a")
    set_timers(store, "cleared", {WAKE: None}, "a")

    assert names(leases) == []


def test_two_workers_at_once_never_lease_the_same(store: PostgresStore) -> None:
    due_in(store, *WORKSPACES)
    barrier, found = Barrier(4), list[str]()

    def take(worker: str) -> None:
        with closing(Leases(store, worker)) as leases:
            barrier.wait()
            for _ in range(20):
                found.extend(names(leases, most=3))

    threads = [Thread(target=take, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(found) == WORKSPACES


def test_the_lease_of_a_worker_that_died_runs_out_by_the_database_s_clock(
    store: PostgresStore, leases: Leases
) -> None:
    due_in(store, "a")
    with closing(Leases(store, "dead", seconds=0.05)) as dead:
        assert names(dead) == ["a"]

        found = list[str]()
        while not found:
            found = names(leases)

        assert found == ["a"]
        dead.settled(["a"])
        assert names(dead) == [], "only its worker gives a lease back"


@pytest.mark.rule("S7")
def test_what_fails_again_and_again_is_parked_and_comes_back_when_asked_for(
    store: PostgresStore, leases: Leases, coordination: PostgresCoordination
) -> None:
    due_in(store, "bad", "good")
    leases.lease(10)
    leases.settled(["good"])

    assert not leases.failed("bad", ValueError("no such timer"))
    assert names(leases) == ["good"], "it waits before it is tried again"
    with store.writing() as cursor:
        cursor.execute("UPDATE leases SET leased_until = '-infinity'")
    assert names(leases) == ["bad", "good"]
    assert leases.failed("bad", ValueError("no such timer"))

    (stuck,) = coordination.parked()
    assert (stuck.workspace, stuck.failures, stuck.error) == ("bad", 2, "ValueError: no such timer")
    assert coordination.overdue(NOON + MINUTE).workspaces == 1
    with store.writing() as cursor:
        cursor.execute("UPDATE leases SET leased_until = '-infinity'")
    assert "bad" not in names(leases)

    assert coordination.unpark("bad")
    assert not coordination.unpark("bad")
    assert "bad" in names(leases)
