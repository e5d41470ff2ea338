"""Stores made before a workspace's roster listed all its campaigns get that list."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.migrating import migrate
from adapters.stores.sqlite import SQLiteStore
from engine.audit.index_check import check_indexes
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from processors.roster import OF_WORKSPACE
from tests.law.story import NOON, R1, SOLO, SPRING, create
from tests.workplace import ACME, Workplace, much_happens

NOBODY_SENDS = "nobody sends"
THE_LIST = {(ACME, OF_WORKSPACE, each) for each in (SPRING, SOLO, NOBODY_SENDS)}
FORGET_THE_LIST = f"DELETE FROM roster WHERE entry = '{OF_WORKSPACE}'"  # noqa: S608


class Kind:
    """A product's store, as an older program left it, and upgraded."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.clock = ManualClock(NOON)

    @contextmanager
    def opened(self) -> Iterator[Store]:
        store: Store
        if self.where.startswith("postgresql:"):
            store = PostgresStore(self.where, self.clock)
        else:
            store = SQLiteStore(Path(self.where), self.clock)
        with closing(store):
            yield store

    def left_by_an_older_program(self) -> None:
        with self.opened() as store:
            office = much_happens(Workplace(store, self.clock))
            office.given(create(to=[R1], campaign=NOBODY_SENDS))
        if self.where.startswith("postgresql:"):
            with psycopg.connect(self.where) as database:
                database.execute(FORGET_THE_LIST)
                database.execute("DELETE FROM migrations WHERE number = 8")
            return
        with closing(sqlite3.connect(self.where)) as file, file:
            file.execute(FORGET_THE_LIST)
            file.execute("UPDATE store_info SET version = 1")

    def upgrade(self) -> None:
        if self.where.startswith("postgresql:"):
            with closing(
                LedgerDatastore(self.where, lock_timeout=30, pool_size=1, pool_max=1)
            ) as datastore:
                assert [each.number for each in migrate(datastore)] == [8]


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    if request.param == "sqlite":
        return Kind(str(tmp_path / "sendledger.db"))
    return Kind(request.getfixturevalue("postgres_url"))


@pytest.mark.rule("M7")
def test_a_store_of_before_lists_all_campaigns_after_its_upgrade(kind: Kind) -> None:
    kind.left_by_an_older_program()

    kind.upgrade()

    with kind.opened() as store:
        listed = {each for each in store.indexes().roster if each[1] == OF_WORKSPACE}
        assert listed == THE_LIST
        assert list(check_indexes(store)) == []
