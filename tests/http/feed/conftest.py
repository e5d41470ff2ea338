"""A store of either product, something in it, and its feed over HTTP."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.composition import Program
from tests.http.feed.places import EVERYWHERE, serving
from tests.stream.ledger import Ledger


class Batch(NamedTuple):
    events: list[dict[str, Any]]
    after: int
    place: str

    @property
    def positions(self) -> list[int]:
        return [int(each["sequence"]) for each in self.events]


class Site:
    """``ledger``: what is told. Connections are closed at the end."""

    def __init__(self, ledger: Ledger, port: int) -> None:
        self.ledger, self.port = ledger, port
        self._open: list[HTTPConnection] = []

    def asked(
        self, path: str, token: str = EVERYWHERE, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        self._open.append(connection)
        given = {"Authorization": f"Bearer {token}", **(headers or {})}
        connection.request("GET", f"/v1/feed{path}", headers=given)
        return connection.getresponse()

    def batch(self, query: str = "", token: str = EVERYWHERE) -> Batch:
        answer = self.asked(f"?{query}", token)
        octets = answer.read()
        assert answer.status == 200, octets
        assert answer.headers["Content-Type"] == "application/cloudevents-batch+json"
        place = answer.headers["Sendledger-Place"]
        return Batch(json.loads(octets), int(answer.headers["Sendledger-After"]), place)

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as found:
        found.grow_everywhere(3)
        yield found


@pytest.fixture
def site(ledger: Ledger) -> Iterator[Site]:
    program = Program(ledger.settings, ledger.opened, ledger.engine)
    with serving(program) as port:
        found = Site(ledger, port)
        yield found
        found.close()
