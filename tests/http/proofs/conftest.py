"""The door of each product, over a signed log that was noted before its last stop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.http.commands.callers import Caller, Door
from tests.proving.proved_case import ProvedCase, proved_case


@pytest.fixture
def case(url: str, tmp_path: Path) -> ProvedCase:
    return proved_case(url, tmp_path)


@pytest.fixture
def settings(case: ProvedCase) -> EngineSettings:
    return case.log.served()


@pytest.fixture
def auditor(house: Door) -> Iterator[Caller]:
    caller = house.caller("auditor", Role.AUDITOR)
    yield caller
    caller.close()
