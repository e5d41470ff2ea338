"""The door of each product, over a history in which much happened, and which is signed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings
from tests.http.commands.callers import Caller, Door
from tests.proving.signed_log import signed_log


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(request: pytest.FixtureRequest, product: str, tmp_path: Path) -> EngineSettings:
    is_file = product == "sqlite"
    url = str(tmp_path / "ledger.db") if is_file else request.getfixturevalue("postgres_url")
    return signed_log(url, tmp_path).served()


@pytest.fixture
def auditor(house: Door) -> Iterator[Caller]:
    caller = house.caller()
    yield caller
    caller.close()
