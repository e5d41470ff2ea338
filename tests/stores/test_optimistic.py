"""Appends of what was decided from memory: the contract, and the server's clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event
from time import monotonic

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.optimistic import ServerClock
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError, StoreUnavailable
from engine.ports.optimistic import WorkspaceEnd
from engine.ports.store import Store
from tests.law.story import NOON, SECOND
from tests.proof.optimistic import OptimisticMemoryStore
from tests.stores.contract import opened_for
from tests.stores.contract.optimistic import OptimisticContract, held_by_another, proposal
from tests.stores.contract.words import SPRING, rows, stored

PURPOSE = "sendledger commands"


class TestInMemory(OptimisticContract):
    @pytest.fixture
    def store(self, clock: ManualClock) -> Iterator[Store]:
        yield from opened_for(OptimisticMemoryStore(clock))


class TestOnPostgres(OptimisticContract):
    @pytest.fixture
    def store(self, clock: ManualClock, postgres_url: str) -> Iterator[Store]:
        yield from opened_for(PostgresStore(postgres_url, clock))

    def test_a_workspace_that_somebody_holds_keeps_it_out_at_once(
        self, store: PostgresStore, there: WorkspaceEnd
    ) -> None:
        release = Event()
        holder = held_by_another(store, release)
        began = monotonic()

        assert store.append_unmoved(NOON, [proposal(there, "c2", *rows(SPRING, 2))]) == [None]

        assert monotonic() - began < 10, "it waited for the lock"
        release.set()
        holder.join()

    def test_more_than_arrays_are_good_for_is_kept_out(
        self, store: PostgresStore, there: WorkspaceEnd
    ) -> None:
        many = rows(SPRING, *range(2, 1_002))

        assert store.append_unmoved(NOON, [proposal(there, "c2", *many)]) == [None]
        assert store.last_position() == 1

    def test_an_error_leaves_nothing_and_the_next_one_is_appended(
        self, store: PostgresStore, there: WorkspaceEnd
    ) -> None:
        with pytest.raises(StoreError):
            store.append_unmoved(NOON, [proposal(there, "c2", *rows(SPRING, 1))])
        with pytest.raises(StoreError, match="zero character"):
            store.append_unmoved(NOON, [proposal(there, "c\0", *rows(SPRING, 2))])

        assert store.append_unmoved(NOON, [proposal(there, "c2", *rows(SPRING, 2))]) == [1]
        assert stored(store) == [(1, SPRING, 1), (2, SPRING, 2)]

    def test_a_connection_that_was_lost_is_told_and_made_anew(
        self, store: PostgresStore, there: WorkspaceEnd
    ) -> None:
        assert store.append_unmoved(NOON, [proposal(there, "c2", *rows(SPRING, 2))]) == [1]
        with store.reading() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE application_name = %s AND datname = current_database()",
                (PURPOSE,),
            )
        asked = proposal(WorkspaceEnd(2, NOON), "c3", *rows(SPRING, 3))

        with pytest.raises(StoreUnavailable):
            store.append_unmoved(NOON, [asked])

        assert store.append_unmoved(NOON, [asked]) == [2]


class TestTheServersClock:
    """What it must have passed by now."""

    def test_nothing_is_known_before_something_was_heard(self) -> None:
        assert ServerClock().now() is None

    def test_it_goes_on_from_what_was_heard_and_hardly_behind_ours(self) -> None:
        clock, began = ServerClock(), monotonic()
        clock.heard(NOON)
        first, second = _told(clock), _told(clock)

        assert NOON <= first <= second
        assert second - NOON <= timedelta(seconds=monotonic() - began)

    def test_only_a_later_time_is_news_unless_the_clock_was_set(self) -> None:
        clock = ServerClock()
        clock.heard(NOON)
        clock.heard(NOON - SECOND)
        assert _told(clock) >= NOON
        clock.heard(NOON + 60 * SECOND)
        assert _told(clock) >= NOON + 60 * SECOND

        clock.corrected(NOON)
        assert NOON <= _told(clock) < NOON + 60 * SECOND

        clock.forget()
        assert clock.now() is None


def _told(clock: ServerClock) -> datetime:
    told = clock.now()
    assert told is not None
    return told
