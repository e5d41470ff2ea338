"""What every store and its views must do, whatever the product: a module for each port.

Heirs: ``test_memory``, ``test_sqlite`` and ``test_postgres``, which say only how a store is opened.
``directory`` is inherited by ``test_directories``, for the two stores that have one, and
``sealed_rows`` by ``test_sealed_rows``.
"""

from collections.abc import Iterator

import pytest

from engine.ports.clock import ManualClock
from engine.ports.store import Store
from tests.law.story import NOON
from tests.stores.contract.coordination import CoordinationContract
from tests.stores.contract.entries import EntriesContract
from tests.stores.contract.log import LogContract
from tests.stores.contract.look import LookContract
from tests.stores.contract.maintenance import MaintenanceContract
from tests.stores.contract.recorded import RecordedContract
from tests.stores.contract.schedule import ScheduleContract
from tests.stores.contract.transactions import TransactionsContract
from tests.stores.contract.view_status import ViewStatusContract
from tests.stores.contract.views import ViewsContract


class StoreContract(
    LogContract,
    EntriesContract,
    TransactionsContract,
    LookContract,
    ScheduleContract,
    MaintenanceContract,
    RecordedContract,
    ViewsContract,
    ViewStatusContract,
    CoordinationContract,
):
    """All ports of a store, the views kept in it, and who works on it."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(NOON)


def opened_for(store: Store) -> Iterator[Store]:
    """The store, closed after the test."""
    yield store
    store.close()
