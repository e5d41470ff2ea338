"""The PostgreSQL store keeps the contract, on a real server."""

from collections.abc import Iterator

import pytest

from adapters.clocks import ManualClock
from adapters.postgres import PostgresStore, PostgresViews
from engine.store import Store, Views
from tests.stores.contract import StoreContract, ViewsContract, opened_for


class TestPostgresStore(StoreContract, ViewsContract):
    @pytest.fixture
    def store(self, clock: ManualClock, postgres_url: str) -> Iterator[Store]:
        yield from opened_for(PostgresStore(postgres_url, clock))

    @pytest.fixture
    def views(self, store: PostgresStore) -> Views:
        return PostgresViews(store)
