"""A port of a sandbox, which can be closed and opened again."""

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from typing import Protocol

from adapters.mail.sandbox.authority import ADDRESS
from adapters.mail.sandbox.faults import Faults, Service
from adapters.mail.sandbox.wire import Broken, Wire

ROUNDS = 5
"""Turns of the loop within which a broken connection, encrypted or not, gives back its socket."""


class Server(Protocol):
    """Holds one conversation."""

    def __call__(self, wire: Wire, *, encrypted: bool) -> Awaitable[None]: ...


class Listener:
    """Accepts connections for a server; with ``context``, encrypted from the beginning."""

    def __init__(
        self,
        service: Service,
        faults: Faults,
        server: Server,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._service: Service = service
        self._faults = faults
        self._serve = server
        self._context = context
        self._listening: asyncio.Server | None = None
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.port = 0

    async def open(self, port: int = 0) -> None:
        """Listen at this port, at the previous one, or at any free one."""
        if self._listening is None:
            self._listening = await asyncio.start_server(
                self._begin, ADDRESS, port or self.port, backlog=2_048
            )
            self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse new connections, and break those that are open."""
        if self._listening is None:
            return
        self._listening.close()
        self._listening = None
        for conversation, writer in [*self._conversations.items()]:
            writer.transport.abort()
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        for _ in range(ROUNDS):
            await asyncio.sleep(0)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations[conversation] = writer
        conversation.add_done_callback(self._conversations.pop)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(self._service, self._faults, reader, writer)
        with suppress(ConnectionError, ssl.SSLError, EOFError):
            try:
                await self._meet(wire, "connect")
                if self._context is not None:
                    await self._meet(wire, "tls")
                    await writer.start_tls(self._context)
                await self._serve(wire, encrypted=self._context is not None)
            finally:
                wire.writer.close()

    async def _meet(self, wire: Wire, stage: str) -> None:
        text = await wire.reach(stage)
        if text is not None:
            await wire.send(text.encode() + b"\r\n")
            raise Broken
