"""The embedded store keeps the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from engine.ports.views import Views
from projections.campaigns import CAMPAIGNS, CampaignRow
from tests.stores.contract import StoreContract, opened_for
from tests.stores.contract.views import save
from tests.workplace import ACME


class TestSQLiteStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, tmp_path: Path) -> Iterator[Store]:
        yield from opened_for(SQLiteStore(tmp_path / "sendledger.db", clock))

    @pytest.fixture
    def views(self, store: SQLiteStore) -> Views:
        return SQLiteViews(store)

    def test_views_that_are_opened_again_stand_where_they_stood(self, store: SQLiteStore) -> None:
        save(SQLiteViews(store), {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)

        again = SQLiteViews(store)

        assert list(again.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]
        assert again.position(CAMPAIGNS) == 5
