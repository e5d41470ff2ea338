"""R1: a link for reconnecting is used once, whatever the store, the process and the restart."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.used_links import StoredLinks
from adapters.stores.sqlite import SQLiteStore
from engine.ports.clock import ManualClock
from engine.work.links import UsedLinks
from tests.law.story import NOON
from tests.stores.contract.links import SOON, LinksContract


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


class TestSQLiteLinks(LinksContract):
    @pytest.fixture
    def links(self, clock: ManualClock, tmp_path: Path) -> Iterator[UsedLinks]:
        with closing(SQLiteStore(tmp_path / "store.db", clock)) as store:
            yield StoredLinks(store)

    def test_a_restart_forgets_none(self, tmp_path: Path, clock: ManualClock) -> None:
        for expected in (True, False):
            with closing(SQLiteStore(tmp_path / "store.db", clock)) as store:
                assert StoredLinks(store).use("link", f"state {expected}", SOON) is expected


class TestPostgresLinks(LinksContract):
    @pytest.fixture
    def store(self, clock: ManualClock, postgres_url: str) -> Iterator[PostgresStore]:
        with closing(PostgresStore(postgres_url, clock)) as store:
            yield store

    @pytest.fixture
    def links(self, store: PostgresStore) -> UsedLinks:
        return StoredLinks(store)

    @pytest.mark.rule("R1")
    def test_of_many_at_once_one_uses_it(self, links: UsedLinks) -> None:
        used, together = list[int](), Barrier(8)

        def use(number: int) -> None:
            together.wait()
            if links.use("link", f"state {number}", SOON):
                used.append(number)

        threads = [Thread(target=use, args=(number,)) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert len(used) == 1
