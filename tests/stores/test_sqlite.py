"""The embedded store keeps the contract."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.serve_lock import AlreadyServed, SQLiteCoordination
from engine.ports.clock import ManualClock
from engine.ports.coordination import Coordination, LiveWorker
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

    @pytest.fixture
    def coordination(self, store: SQLiteStore, views: Views) -> Coordination:
        return SQLiteCoordination(store, views)

    def test_views_that_are_opened_again_stand_where_they_stood(self, store: SQLiteStore) -> None:
        save(SQLiteViews(store), {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)

        again = SQLiteViews(store)

        assert list(again.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]
        assert again.position(CAMPAIGNS) == 5

    def test_who_serves_is_told_to_other_processes_and_no_second_may(
        self, store: SQLiteStore, coordination: Coordination
    ) -> None:
        with closing(SQLiteStore(store.path, read_only=True)) as other:
            watching = SQLiteCoordination(other, SQLiteViews(other))
            with coordination.serving("here:1", ["clocks"]):
                (found,) = watching.workers() or ()
                assert (found.name, found.does) == ("here:1", ["clocks"])
                with pytest.raises(AlreadyServed, match=f"by process {os.getpid()} since "):
                    watching.serving("here:2", ["clocks"]).__enter__()

            assert watching.workers() == []

    def test_a_lock_file_that_says_nothing_names_nobody(
        self, store: SQLiteStore, coordination: Coordination
    ) -> None:
        with coordination.serving("here:1", ["clocks"]):
            store.path.with_name(f"{store.path.name}.serve").write_text("[]")

            (found,) = coordination.workers() or ()

        assert found == LiveWorker("another process", (), None)
