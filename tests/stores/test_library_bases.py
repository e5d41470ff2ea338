"""The event-sourcing library's own tests of a recorder, run against ours.

Left out: ``test_performance``, which measures and asserts nothing, and the tests of aggregate
recorders, which number no events while ours do.
"""

import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase
from uuid import uuid4

import pytest
from eventsourcing.persistence import ProcessRecorder
from eventsourcing.sqlite import SQLiteDatastore
from eventsourcing.tests import persistence as library

from adapters.stores.memory.recorder import MemoryLedgerRecorder
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.recorder import PostgresLedgerRecorder
from adapters.stores.sqlite.recorder import SQLiteLedgerRecorder


@pytest.fixture
def postgres_of_the_test(request: pytest.FixtureRequest, postgres_url: str) -> None:
    request.instance.postgres_url = postgres_url


class Quiet(TestCase):
    """The library's tests print their figures."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(redirect_stdout(StringIO()))


class InMemory(Quiet):
    def create_recorder(self) -> ProcessRecorder:
        return MemoryLedgerRecorder()


@pytest.mark.usefixtures("postgres_of_the_test")
class InPostgres(Quiet):
    """In a new database. Our streams are named by text."""

    postgres_url: str

    def new_originator_id(self) -> str:
        return str(uuid4())

    def create_recorder(self) -> ProcessRecorder:
        datastore = LedgerDatastore(self.postgres_url, lock_timeout=5, pool_size=1, pool_max=20)
        self.addCleanup(datastore.close)
        recorder = PostgresLedgerRecorder(datastore)
        recorder.create_table()
        return recorder


class InSQLite(Quiet):
    def create_recorder(self) -> ProcessRecorder:
        """On a new file. The library's tests name their streams by UUIDs."""
        folder = self.enterContext(TemporaryDirectory())
        datastore = SQLiteDatastore(str(Path(folder) / "sendledger.db"))
        self.addCleanup(datastore.close)
        self.addCleanup(join_all_but, set(threading.enumerate()))
        recorder = SQLiteLedgerRecorder(datastore)
        recorder.create_table()
        return recorder


def join_all_but(older: set[threading.Thread]) -> None:
    """The library tells its readers to stop and does not wait: a closed file would crash them."""
    for thread in set(threading.enumerate()) - older:
        thread.join(10)


class AsApplicationRecorder(library.ApplicationRecorderTestCase[ProcessRecorder]):
    test_performance: Callable[[], None] | None = None  # type: ignore[assignment]


class AsProcessRecorder(library.ProcessRecorderTestCase):
    test_performance: Callable[[], None] | None = None  # type: ignore[assignment]


class TestMemoryAsApplicationRecorder(InMemory, AsApplicationRecorder):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestMemoryAsTrackingRecorder(InMemory, library.TrackingRecorderTestCase):
    pass


class TestMemoryAsProcessRecorder(InMemory, AsProcessRecorder):
    pass


class TestMemoryInterleavesNothing(InMemory, library.NonInterleavingNotificationIDsBaseCase):
    pass


class TestSQLiteAsApplicationRecorder(InSQLite, AsApplicationRecorder):
    pass


class TestSQLiteAsTrackingRecorder(InSQLite, library.TrackingRecorderTestCase):
    pass


class TestSQLiteAsProcessRecorder(InSQLite, AsProcessRecorder):
    pass


class TestSQLiteInterleavesNothing(InSQLite, library.NonInterleavingNotificationIDsBaseCase):
    pass


class TestPostgresAsApplicationRecorder(InPostgres, AsApplicationRecorder):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPostgresAsTrackingRecorder(InPostgres, library.TrackingRecorderTestCase):
    pass


class TestPostgresAsProcessRecorder(InPostgres, AsProcessRecorder):
    pass


class TestPostgresInterleavesNothing(InPostgres, library.NonInterleavingNotificationIDsBaseCase):
    pass


del AsApplicationRecorder, AsProcessRecorder, InMemory, InPostgres, InSQLite, Quiet
