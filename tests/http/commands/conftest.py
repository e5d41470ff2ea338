"""The door of each product."""

from collections.abc import Iterator

import pytest

from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from adapters.stores.opening import migrate
from tests.http.commands.callers import Caller, Door
from tests.workplace import ACME


@pytest.fixture
def settings(url: str) -> EngineSettings:
    found = load_settings(store=url, workspace=ACME, http="127.0.0.1:0")
    migrate(found)
    return found


@pytest.fixture
def ops(house: Door) -> Iterator[Caller]:
    caller = house.caller()
    yield caller
    caller.close()
