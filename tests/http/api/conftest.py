"""The door of each product, over a history in which much happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import EngineSettings, load_settings
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from tests.http.commands.callers import Caller, Door
from tests.law.story import NOON
from tests.workplace import ACME, Workplace, much_happens


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(request: pytest.FixtureRequest, product: str, tmp_path: Path) -> EngineSettings:
    is_file = product == "sqlite"
    url = str(tmp_path / "ledger.db") if is_file else request.getfixturevalue("postgres_url")
    clock = ManualClock(NOON)
    store: Store = SQLiteStore(Path(url), clock) if is_file else PostgresStore(url, clock)
    much_happens(Workplace(store, clock))
    store.close()
    return load_settings(store=url, workspace=ACME, http="127.0.0.1:0")


@pytest.fixture
def auditor(house: Door) -> Iterator[Caller]:
    caller = house.caller()
    yield caller
    caller.close()
