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

from eventsourcing.persistence import ProcessRecorder
from eventsourcing.sqlite import SQLiteDatastore
from eventsourcing.tests import persistence as library

from adapters.memory.recorder import MemoryLedgerRecorder
from adapters.sqlite.recorder import SQLiteLedgerRecorder


class Quiet(TestCase):
    """The library's tests print their figures."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(redirect_stdout(StringIO()))


class InMemory(Quiet):
    def create_recorder(self) -> ProcessRecorder:
        return MemoryLedgerRecorder()


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


del AsApplicationRecorder, AsProcessRecorder, InMemory, InSQLite, Quiet
