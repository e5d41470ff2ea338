"""The database server of a session, and a database of its own for each test that asks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import VARIABLE, NamedServer, PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[NamedServer]:
    """One server a session, ours unless the environment names another."""
    named = os.environ.get(VARIABLE)
    with NamedServer(named) if named else PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: NamedServer) -> Iterator[str]:
    """A fresh, empty database, gone after the test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of each product may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server for one test alone, which may stop it, crash it and start it again."""
    if VARIABLE in os.environ:
        pytest.skip(f"the server that {VARIABLE} names is not ours to stop")
    with PostgresServer() as server:
        yield server
