"""A fast SMTP server that takes everything, pipelined too, and keeps what it took.

``python -m tests.mail.servers.sink CERTIFICATE`` serves with TLS until its standard input ends, and
says its port.
"""

import asyncio
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWERS = {
    b"EHLO": b"250-localhost\r\n250-PIPELINING\r\n250-SIZE 30000000\r\n250-8BITMIME\r\n"
    b"250 AUTH PLAIN\r\n",
    b"AUTH": b"235 2.7.0 OK\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One conversation."""

    def __init__(self, taken: list[bytes]) -> None:
        self._taken = taken
        self._unread = bytearray()
        self._in_data = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 localhost ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._unread += data
        said = b"".join(iter(self._next, b""))
        if said:
            self._transport.write(said)

    def _next(self) -> bytes:
        """The answer to what is there; nothing where that is not whole yet."""
        end = self._unread.find(END if self._in_data else b"\r\n")
        if end < 0:
            return b""
        if self._in_data:
            self._taken.append(bytes(self._unread[:end]))
            del self._unread[: end + len(END)]
            self._in_data = False
            return b"250 2.0.0 OK\r\n"
        word = bytes(self._unread[:4]).upper()
        del self._unread[: end + 2]
        self._in_data = word == b"DATA"
        if word == b"QUIT":
            self._transport.write(ANSWERS[word])
            self._transport.close()
            return b""
        return ANSWERS.get(word, b"250 2.1.0 OK\r\n")


async def serving(taken: list[bytes], context: ssl.SSLContext | None = None) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Sink(taken), "127.0.0.1", 0, ssl=context)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


@contextmanager
def running_sink(taken: list[bytes]) -> Iterator[int]:
    """Without TLS, in a thread; answers its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(serving(taken))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port_of(server)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _main(certificate: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    taken: list[bytes] = []
    server = await serving(taken, context)
    sys.stdout.write(f"{port_of(server)}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    sys.stdout.write(f"{len(taken)}\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
