"""The door of each product."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import EngineSettings, load_settings
from adapters.stores.opening import migrate
from tests.http.commands.callers import Caller, Door, door
from tests.workplace import ACME


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> EngineSettings:
    is_file = request.param == "sqlite"
    store = str(tmp_path / "ledger.db") if is_file else request.getfixturevalue("postgres_url")
    found = load_settings(store=store, workspace=ACME, http="127.0.0.1:0")
    migrate(found)
    return found


@pytest.fixture
def house(settings: EngineSettings) -> Iterator[Door]:
    with door(settings) as found:
        yield found


@pytest.fixture
def ops(house: Door) -> Iterator[Caller]:
    caller = house.caller()
    yield caller
    caller.close()
