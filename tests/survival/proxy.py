"""A wire between a client and the server that can be cut at any octet."""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65_536


class Way(Enum):
    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


@dataclass
class Cut:
    """The wire is cut when so many octets have gone this way. Once, for all that goes over it."""

    way: Way
    after: int


class Proxy:
    """Forwards to the server of ``url``. ``passed`` counts octets since ``count_anew``.

    When an answer is cut off, everything the client has sent still gets to the server, and is done
    there before the client hears that its connection is gone.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = parts.hostname or "", parts.port or 5432
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        self.passed = dict.fromkeys(Way, 0)
        self.cut: Cut | None = None
        self.upon_cut: Callable[[], object] = lambda: None
        """Done when the server has done its part and before the client hears of the cut."""
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def count_anew(self, cut: Cut | None = None) -> None:
        self.passed, self.cut = dict.fromkeys(Way, 0), cut

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            ends = {client: (server, Way.TO_SERVER), server: (client, Way.TO_CLIENT)}
            while True:
                for source in select.select(list(ends), [], [])[0]:
                    target, way = ends[source]
                    octets = _received(source)
                    if not octets or not self._pass(octets, target, way):
                        if way is Way.TO_CLIENT:
                            _wait_for(server)
                            self.upon_cut()
                        return

    def _pass(self, octets: bytes, target: socket.socket, way: Way) -> bool:
        """Is the wire still whole behind these octets?"""
        cut = self.cut
        room = len(octets) if cut is None or cut.way is not way else cut.after - self.passed[way]
        self.passed[way] += len(octets)
        with suppress(ConnectionError):
            target.sendall(octets[:room])
        if cut is not None and cut.way is way and room < len(octets):
            self.cut = None
            return False
        return True


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(CHUNK)
    except ConnectionError:
        return b""


def _wait_for(server: socket.socket) -> None:
    """The server has done all it was sent, and knows that there is no more."""
    with suppress(OSError):
        server.shutdown(socket.SHUT_WR)
    while _received(server):
        pass
