"""The door answers whoever asks, whatever others do with their connections."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.http.serving import MOST_AT_ONCE, Patience, served

SILENT = {"nothing": b"", "half a head": b"GET / HTTP/1.1\r\nHost: h"}


class Hasty(Patience):
    seconds = 0.2


async def read_whole(request: Request) -> Response:
    return Response(str(len(await request.body())))


@pytest.fixture
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/read", read_whole, methods=["POST"])])
    with served(app, "127.0.0.1", 0, Hasty) as port:
        yield port


@pytest.mark.parametrize("said", SILENT)
def test_connections_that_ask_for_nothing_shut_the_door_for_nobody(port: int, said: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(MOST_AT_ONCE):
            each = open_ones.enter_context(connected(port))
            each.sendall(SILENT[said])
        ends = time.monotonic() + 10
        while not answer(port).startswith(b"HTTP/1.1 404"):
            assert time.monotonic() < ends


@pytest.mark.parametrize("begun", [b"", b"half"])
def test_who_begins_a_body_and_sends_no_more_of_it_is_let_go(port: int, begun: bytes) -> None:
    with connected(port) as sending:
        sending.sendall(b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n" + begun)
        assert ended(sending)


def test_who_sends_a_body_octet_by_octet_is_let_go(port: int) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
    with connected(port) as sending:
        sending.sendall(head)
        sending.settimeout(0.05)
        ends = time.monotonic() + 10
        while not ended(sending):
            assert time.monotonic() < ends
            sending.send(b"x")


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def answer(port: int) -> bytes:
    with connected(port) as asking:
        asking.sendall(b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n")
        return asking.recv(65_536)
