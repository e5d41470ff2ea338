"""The door answers whoever asks, whatever others do with their connections."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.applications import Starlette

from adapters.http.serving import MOST_AT_ONCE, Patience, served

SILENT = {"nothing": b"", "half a head": b"GET / HTTP/1.1\r\nHost: h"}


class Hasty(Patience):
    seconds = 0.2


@pytest.fixture
def port() -> Iterator[int]:
    with served(Starlette(), "127.0.0.1", 0, Hasty) as port:
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


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def answer(port: int) -> bytes:
    with connected(port) as asking:
        asking.sendall(b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n")
        return asking.recv(65_536)
