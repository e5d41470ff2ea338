"""Bodies too long, cut, and of other kinds than they say: told, and nothing half done."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.http.guarding import MOST_OCTETS
from engine.work.permissions import Role
from tests.http.commands.callers import Caller, Door, token

ANN, ZERO = "ann@acme.test", "a\0b"
NEW = json.dumps({"campaign_id": "autumn", "from_email": ["ann@acme.test"]}).encode()
embedded = pytest.mark.parametrize("product", ["sqlite"])


class Line:
    """A connection on which a test says each octet itself."""

    def __init__(self, house: Door, connection: socket.socket) -> None:
        self._token = token(house.program, "line", Role.OPERATOR, "acme")
        self.connection = connection

    def begin(self, path: str, *headers: str, method: str = "POST") -> None:
        lines = [
            f"{method} /v1{path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._token}",
            "Content-Type: application/json",
            *headers,
        ]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode())

    def answer(self) -> tuple[int, str]:
        found = b""
        while b"\r\n\r\n" not in found or not found.rstrip().endswith(b"}"):
            more = self.connection.recv(65_536)
            if not more:
                break
            found += more
        return int(found.split()[1]), found.decode()


@pytest.fixture
def line(house: Door) -> Iterator[Line]:
    with _connected(house) as connection:
        yield Line(house, connection)


@contextmanager
def _connected(house: Door) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", house.port), 30) as connection:
        yield connection


@embedded
def test_a_body_that_says_it_is_too_long_is_refused_unread(line: Line) -> None:
    line.begin("/campaigns", f"Content-Length: {MOST_OCTETS + 1}", "Idempotency-Key: k")
    status, text = line.answer()
    assert (status, '"code":"too_long"' in text) == (413, True), text


@embedded
@pytest.mark.parametrize("path", ["/campaigns", "/what-if"])
def test_a_body_that_grows_too_long_is_refused(line: Line, path: str) -> None:
    line.begin(path, "Transfer-Encoding: chunked", "Idempotency-Key: k")
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b" " * (1 << 16))
    for _ in range(MOST_OCTETS // (1 << 16) + 1):
        line.connection.sendall(chunk)
    status, text = line.answer()
    assert (status, '"code":"too_long"' in text) == (413, True), text


def test_a_body_that_is_cut_does_nothing_and_its_key_is_still_good(
    house: Door, line: Line, auditor: Caller
) -> None:
    """F1"""
    end = house.program.opened.store.last_position()
    line.begin("/campaigns", f"Content-Length: {len(NEW)}", "Idempotency-Key: k")
    line.connection.sendall(NEW[:-1])
    line.connection.close()
    assert auditor.get("/campaigns/autumn").status == 404
    assert house.program.opened.store.last_position() == end
    with _connected(house) as again:
        whole = Line.__new__(Line)
        whole.__dict__.update(line.__dict__, connection=again)
        whole.begin("/campaigns", f"Content-Length: {len(NEW)}", "Idempotency-Key: k")
        again.sendall(NEW)
        assert whole.answer()[0] == 200


@embedded
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"nul", b"{", b"[" * 100_000, b'{"campaign_id": 1e400}', b"\xff\xfe{}"),
        *(b'{"campaign_id": "\\ud800"}', b'{"campaign_id": "\\u0000"}', b"9" * 5_000),
        *(b'{"campaign_id": NaN}', '{"campaign_id": "a"}'.encode("utf-16"), b"\x1f\x8b\x08"),
        b'{"campaign_id": "a", "campaign_id": "b"}',
    ],
)
@pytest.mark.parametrize("path", ["/campaigns", "/what-if"])
def test_what_is_no_body_of_ours_is_told_and_does_nothing(
    house: Door, line: Line, path: str, body: bytes
) -> None:
    end = house.program.opened.store.last_position()
    line.begin(path, f"Content-Length: {len(body)}", "Idempotency-Key: k")
    line.connection.sendall(body)
    status, text = line.answer()
    assert 400 <= status < 500, text
    assert house.program.opened.store.last_position() == end


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/saved-filters/mine", {"query": ZERO}),
        ("POST", "/tokens", {"name": ZERO, "role": "viewer"}),
        ("POST", "/staff", {"name": ZERO, "role": "viewer"}),
        ("POST", "/webhooks", {"webhook_id": ZERO, "url": "https://hooks.test/"}),
        ("POST", "/webhooks", {"webhook_id": "a", "url": f"https://hooks.test/{ZERO}"}),
        ("POST", "/suppressions", {"who": f"{ZERO}@x.test", "reason": ZERO}),
        ("POST", "/accounts", {"account_id": "a@x.test", "slot_id": ZERO, "provider": "simulated"}),
        ("POST", "/campaigns", {"campaign_id": ZERO}),
        ("POST", "/campaigns", {"campaign_id": "autumn", "from_email": [ZERO]}),
        ("PATCH", f"/accounts/{ANN}/settings", {"sender_name": ZERO}),
        ("POST", "/what-if", {"insert": [ZERO]}),
    ],
)
def test_a_zero_character_is_never_our_fault(
    house: Door, method: str, path: str, body: dict[str, object]
) -> None:
    """Only one of both products can store it."""
    caller = house.caller("zero", Role.ADMIN, None)
    answer = caller.do(path, body, method=method)
    caller.close()
    assert answer.status < 500, answer.text
