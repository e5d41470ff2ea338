"""A way to a server that breaks after so many octets of what is said, in one direction.

It ends TLS and goes on in plain text, so that positions count what the two say, not how it is
encrypted.
"""

import socket
import ssl
import threading
from contextlib import suppress
from enum import Enum
from select import select
from typing import Self

PATIENCE = 10.0


class Direction(Enum):
    OUT = "what the client says"
    BACK = "what the server says"


class CuttingProxy:
    """Leads to the port ``behind``, while its ``with`` lasts. ``cut`` meets the next connection."""

    def __init__(self, behind: int, context: ssl.SSLContext) -> None:
        self._behind, self._context = behind, context
        self._cut: tuple[Direction, int] | None = None
        self._threads: list[threading.Thread] = []
        self.was_cut = False
        self.connections = 0
        self.port = 0

    def cut(self, direction: Direction, octets: int) -> None:
        self._cut, self.was_cut, self.connections = (direction, octets), False, 0

    def settle(self) -> None:
        """Wait until the server has done all that it will do for connections that have ended."""
        for each in self._threads:
            each.join(PATIENCE)
            assert not each.is_alive()
        self._threads.clear()

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        self.settle()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            cut, self._cut = self._cut, None
            self.connections += 1
            thread = threading.Thread(target=self._lead, args=[client, cut])
            self._threads.append(thread)
            thread.start()

    def _lead(self, client: socket.socket, cut: tuple[Direction, int] | None) -> None:
        client.settimeout(PATIENCE)
        with (
            suppress(OSError),
            self._context.wrap_socket(client, server_side=True) as near,
            socket.create_connection(("127.0.0.1", self._behind), PATIENCE) as far,
        ):
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pass_on(near, far, cut)
            with suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)
            far.shutdown(socket.SHUT_WR)
            while far.recv(65_536):
                pass

    def _pass_on(
        self, near: ssl.SSLSocket, far: socket.socket, cut: tuple[Direction, int] | None
    ) -> None:
        """Until the cut, or until one of the two has nothing more to say."""
        cut_direction, left = cut or (None, 0)
        while True:
            talking = [near] if near.pending() else select([near, far], [], [], PATIENCE)[0]
            for source in talking:
                direction = Direction.OUT if source is near else Direction.BACK
                piece = source.recv(65_536)
                if direction is cut_direction:
                    piece, left = piece[:left], left - len(piece)
                (far if source is near else near).sendall(piece)
                self.was_cut |= direction is cut_direction and left <= 0
                if not piece or (direction is cut_direction and left <= 0):
                    return
