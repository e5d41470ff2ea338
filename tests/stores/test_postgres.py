"""The PostgreSQL store keeps the contract, on a real server."""

from collections.abc import Iterator

import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.coordination import PostgresCoordination
from engine.ports.clock import ManualClock
from engine.ports.coordination import Coordination
from engine.ports.errors import StoreError
from engine.ports.store import Store
from engine.ports.views import Views
from tests.stores.contract import StoreContract, opened_for
from tests.stores.contract.words import SPRING, append, in_runs, put, rows


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, postgres_url: str) -> Iterator[Store]:
        yield from opened_for(PostgresStore(postgres_url, clock))

    @pytest.fixture
    def views(self, store: PostgresStore) -> Views:
        return PostgresViews(store)

    @pytest.fixture
    def coordination(self, store: PostgresStore, views: PostgresViews) -> Coordination:
        return PostgresCoordination(store, views)

    @pytest.mark.parametrize("many", [1, 2_000])
    def test_a_text_that_no_view_could_hold_is_refused_whole(
        self, store: PostgresStore, many: int
    ) -> None:
        plain = rows(SPRING, *range(1, many))
        zero = (SPRING, many, "RecipientAdded", rb'{"recipient_id":"a\\\u0000"}')

        with pytest.raises(StoreError, match="a text with a zero character"):
            put(store, "c1", *plain, zero)

        assert store.last_position() == 0
        put(store, "c1", (SPRING, 1, "RecipientAdded", rb'{"recipient_id":"a\\u0000"}'))

    def test_a_stop_of_somebody_whose_id_no_view_could_hold_is_refused_whole(
        self, store: PostgresStore
    ) -> None:
        with (
            pytest.raises(StoreError, match="a text with a zero character"),
            store.transaction("acme") as transaction,
        ):
            append(transaction, "c1", in_runs(transaction, ids=("r1", "a\0")))

        assert store.last_position() == 0

    def test_a_command_id_with_a_zero_character_is_refused_whole(
        self, store: PostgresStore
    ) -> None:
        with pytest.raises(StoreError, match="zero character"):
            put(store, "c\0", *rows(SPRING, 1))
        with (
            pytest.raises(StoreError, match="zero character"),
            store.transaction("acme", ["c\0"]),
        ):
            pass

        assert store.last_position() == 0

    def test_statements_that_the_driver_has_deallocated_are_prepared_anew(
        self, store: PostgresStore
    ) -> None:
        put(store, "c1", *rows(SPRING, 1))
        with store.connection() as connection:
            connection.execute("DEALLOCATE ALL")

        put(store, "c2", *rows(SPRING, 2))

        assert store.last_position() == 2

    def test_what_cannot_be_opened_is_told_with_its_cause(self, postgres_url: str) -> None:
        server, _, _ = postgres_url.rpartition("/")
        with pytest.raises(StoreError, match="there is no such database"):
            PostgresStore(f"{server}/nowhere")
        with pytest.raises(StoreError, match="Is the server running"):
            PostgresStore("postgresql://sendledger@127.0.0.1:1/nowhere")
