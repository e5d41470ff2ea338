"""A store of either product, something in it, and its feed over HTTP."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from itertools import islice
from typing import Any, NamedTuple

import pytest

from adapters.composition.programs import Program
from tests.http.feed.places import EVERYWHERE, Tokens, serving
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

    def __init__(self, ledger: Ledger, port: int, tokens: Tokens) -> None:
        self.ledger, self.port, self.tokens = ledger, port, tokens
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

    def stream(self, query: str = "", token: str = EVERYWHERE, last: str | None = None) -> "Stream":
        headers = {} if last is None else {"Last-Event-ID": last}
        return Stream(self.asked(f"/stream?{query}", token, headers))

    def close(self) -> None:
        for each in self._open:
            each.close()


class Sent(NamedTuple):
    """A server-sent event."""

    name: str
    id: str
    data: dict[str, Any]


class Stream:
    """Iterates over what comes; comments are left out."""

    def __init__(self, answer: HTTPResponse) -> None:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        self._answer = answer

    def __iter__(self) -> Iterator[Sent]:
        fields = dict[str, str]()
        while line := self._answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if line != "\n":
                fields[name] = value
            elif "data" in fields:
                data = json.loads(fields["data"])
                yield Sent(fields.get("event", "message"), fields.get("id", ""), data)
                fields = {}

    def take(self, count: int) -> list[Sent]:
        return list(islice(self, count))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as found:
        found.grow_everywhere(3)
        yield found


@pytest.fixture
def site(ledger: Ledger) -> Iterator[Site]:
    program = Program(ledger.settings, ledger.opened, ledger.engine)
    tokens = Tokens()
    with serving(program, tokens) as port:
        found = Site(ledger, port, tokens)
        yield found
        found.close()
