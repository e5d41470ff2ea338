"""Every store keeps the schedule of background checks in the same way."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from adapters.stores.sqlite import SQLiteStore
from engine.ports.check_schedule import CheckSchedule, Overdue
from engine.ports.clock import ManualClock
from tests.stores.contract.check_schedule import ANN, BOB, CheckScheduleContract, leased


class TestSQLiteCheckSchedule(CheckScheduleContract):
    @pytest.fixture
    def schedule(self, tmp_path: Path, clock: ManualClock) -> Iterator[CheckSchedule]:
        with closing(SQLiteStore(tmp_path / "store.db", clock)) as store:
            yield StoredCheckSchedule(store)

    def test_a_store_of_before_has_none_when_it_is_only_read(self, tmp_path: Path) -> None:
        path = tmp_path / "store.db"
        SQLiteStore(path).close()
        with closing(SQLiteStore(path, read_only=True)) as store:
            schedule = StoredCheckSchedule(store)
            assert schedule.rows() == []
            assert schedule.row(*ANN.key) is None
            assert schedule.overdue() == Overdue(0, None)


class TestPostgresCheckSchedule(CheckScheduleContract):
    @pytest.fixture
    def schedule(self, postgres_url: str, clock: ManualClock) -> Iterator[CheckSchedule]:
        with closing(PostgresStore(postgres_url, clock)) as store:
            yield StoredCheckSchedule(store)

    def test_what_another_takes_at_this_moment_is_passed_over(
        self, schedule: CheckSchedule, postgres_url: str
    ) -> None:
        schedule.add([ANN, BOB])
        with psycopg.connect(postgres_url) as other:
            other.execute(
                "SELECT FROM check_schedule WHERE account_id = %s FOR UPDATE", (ANN.account_id,)
            )
            assert [each.key for each in leased(schedule, "a")] == [BOB.key]

    def test_it_goes_by_the_database_s_clock(self, postgres_url: str) -> None:
        with closing(PostgresStore(postgres_url)) as store:
            schedule, now = StoredCheckSchedule(store), store.now()
            later = BOB._replace(due_at=now + timedelta(minutes=1))
            schedule.add([ANN._replace(due_at=now), later])
            assert [each.key for each in leased(schedule, "a")] == [ANN.key]
