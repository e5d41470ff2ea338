"""The store that forgets keeps the contract."""

from collections.abc import Iterator

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.one_process import OneProcess
from engine.ports.clock import ManualClock
from engine.ports.coordination import Coordination
from engine.ports.store import Store
from engine.ports.views import Views
from tests.stores.contract import StoreContract, opened_for


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock) -> Iterator[Store]:
        yield from opened_for(MemoryStore(clock))

    @pytest.fixture
    def views(self) -> Views:
        return MemoryViews()

    @pytest.fixture
    def coordination(self, store: MemoryStore, views: Views) -> Coordination:
        return OneProcess(store, views)
