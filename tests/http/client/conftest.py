"""A server with a history in which much happened, and the shipped client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sendledger_client import Client

from adapters.settings import EngineSettings, load_settings
from engine.work.permissions import Role
from tests.http.client.servers import free_port
from tests.http.commands.callers import Door, token
from tests.workplace import ACME, much_happens, on_file


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    workplace = on_file(tmp_path / "ledger.db")
    much_happens(workplace)
    workplace.store.close()
    where = f"127.0.0.1:{free_port()}"
    return load_settings(store=tmp_path / "ledger.db", workspace=ACME, http=where)


@pytest.fixture
def secret(house: Door) -> str:
    return token(house.program, "backend", Role.ADMIN, None)


@pytest.fixture
def client(house: Door, secret: str) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{house.port}", secret, workspace=ACME) as client:
        yield client
