"""A server with a signed history in which much happened, and the shipped client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sendledger_client import Client

from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.http.client.servers import free_port
from tests.http.commands.callers import Door, token
from tests.proving.signed_log import signed_log
from tests.workplace import ACME


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    log = signed_log(str(tmp_path / "ledger.db"), tmp_path)
    return log.served(http=f"127.0.0.1:{free_port()}")


@pytest.fixture
def secret(house: Door) -> str:
    return token(house.program, "backend", Role.ADMIN, None)


@pytest.fixture
def client(house: Door, secret: str) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{house.port}", secret, workspace=ACME) as client:
        yield client
