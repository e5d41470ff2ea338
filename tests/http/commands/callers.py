"""Programs that call the API over real connections, and the door they call at."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from adapters.composition.programs import Program, running
from adapters.composition.serving_http import http_served
from adapters.settings.model import EngineSettings
from adapters.stores.small_tables.api_tokens import StoredTokens
from aggregates.command import Command
from engine.work.api_tokens import ApiToken, make
from engine.work.permissions import Role
from tests.law.story import Move
from tests.workplace import ACME

PREVIEW = "Sendledger-Preview"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str | None:
        return self.body.get("code") if self.status >= 400 else None

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotency-replayed") == "true"


class Caller:
    """On one kept connection."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._token = token

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        told = {"Authorization": f"Bearer {self._token}", **named}
        self._connection.request(method, f"/v1{path}", body, told)
        response = self._connection.getresponse()
        lowered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lowered, response.read().decode())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def octets(self, path: str) -> bytes:
        """As they come, which is no text."""
        told = {"Authorization": f"Bearer {self._token}"}
        self._connection.request("GET", f"/v1{path}", None, told)
        return self._connection.getresponse().read()

    def do(
        self, path: str, told: Any = None, key: str | None = None, method: str = "POST", **more: str
    ) -> Answer:
        """Under a new key, unless told."""
        octets = b"" if told is None else json.dumps(told).encode()
        chosen = key or uuid4().hex
        return self.ask(
            method, path, octets, Idempotency_Key=chosen, Content_Type="application/json", **more
        )

    def preview(self, path: str, told: Any = None) -> Answer:
        octets = b"" if told is None else json.dumps(told).encode()
        return self.ask("POST", f"{path}/preview", octets, Content_Type="application/json")

    def confirm(self, path: str, told: Any = None, key: str | None = None, **more: str) -> Answer:
        """What a preview shows."""
        shown = self.preview(path, told)
        assert shown.status == 200, shown.text
        return self.do(path, told, key, **more, **{PREVIEW: shown.body["token"]})

    def close(self) -> None:
        self._connection.close()


class Door(NamedTuple):
    program: Program
    port: int

    def caller(
        self, name: str = "ops", role: Role = Role.OPERATOR, workspace: str | None = ACME
    ) -> Caller:
        return Caller(self.port, token(self.program, name, role, workspace))

    def given(self, *moves: Move) -> None:
        """Done by the engine alone."""
        for each in moves:
            for command in (each,) if isinstance(each, Command) else each:
                reply = self.program.engine.execute(
                    ACME, command, command_id=uuid4().hex, actor="user:test"
                )
                assert reply.refusal is None, reply.refusal

    def recorded(self, kind: str) -> int:
        """How many events of that name the log has."""
        page = self.program.opened.store.read(0, 100_000)
        return sum(row[3].startswith(kind) for row in page.rows)


def token(program: Program, name: str, role: Role, workspace: str | None) -> str:
    now = program.opened.store.now()
    wanted = ApiToken(name, role, workspace, now, now + timedelta(days=1))
    return make(StoredTokens(program.opened.beside), wanted).reveal()


@contextmanager
def door(settings: EngineSettings) -> Iterator[Door]:
    with running(settings, create=True) as program, http_served(program) as port:
        assert port is not None
        yield Door(program, port)


def named(name: str) -> str:
    """A name as it stands in a path."""
    return quote(name, safe="")
