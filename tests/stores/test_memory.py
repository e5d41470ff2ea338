"""The store that forgets keeps the contract."""

from collections.abc import Iterator

import pytest

from adapters.clocks import ManualClock
from adapters.memory import MemoryStore, MemoryViews
from engine.store import Store, Views
from tests.stores.contract import StoreContract, ViewsContract, opened_for


class TestMemoryStore(StoreContract, ViewsContract):
    @pytest.fixture
    def store(self, clock: ManualClock) -> Iterator[Store]:
        yield from opened_for(MemoryStore(clock))

    @pytest.fixture
    def views(self) -> Views:
        return MemoryViews()
