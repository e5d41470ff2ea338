"""The store that forgets keeps the contract."""

from collections.abc import Iterator

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.ports.clock import ManualClock
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
