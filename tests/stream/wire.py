"""The network between clients and a broker: it can be cut, or keep everything back for a while."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from enum import Flag, auto
from typing import Any, Self

CHUNK = 65_536


class Way(Flag):
    TO_BROKER = auto()
    TO_CLIENT = auto()
    BOTH = TO_BROKER | TO_CLIENT


NEITHER = Way(0)


class Wire:
    """Forwards from ``address`` to ``broker``, both ``HOST:PORT``, while its ``with`` lasts."""

    def __init__(self, broker: str) -> None:
        self._host, _, self._port = broker.partition(":")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._held, self._is_cut, self._seconds = NEITHER, False, 0.0
        self._changed = asyncio.Condition()
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.address = "127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Every connection is lost, and so is every new one."""
        self._do(self._set(is_cut=True))
        try:
            yield
        finally:
            self._do(self._set())

    @contextmanager
    def held(self, way: Way = Way.BOTH) -> Iterator[None]:
        """Connections stay, and nothing arrives: not before the end, and then all of it, though
        whoever sent it may be gone by then."""
        self._do(self._set(held=way))
        try:
            yield
        finally:
            self._do(self._set())

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Everything takes so much longer, each way."""
        self._do(self._set(seconds=seconds))
        try:
            yield
        finally:
            self._do(self._set())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _set(
        self, *, held: Way = NEITHER, is_cut: bool = False, seconds: float = 0.0
    ) -> None:
        self._held, self._is_cut, self._seconds = held, is_cut, seconds
        if is_cut:
            self._abort()
        async with self._changed:
            self._changed.notify_all()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await self._until(lambda: Way.TO_BROKER not in self._held)
            if self._is_cut:
                writer.transport.abort()
                return
            there, to_broker = await asyncio.open_connection(self._host, int(self._port))
            self._open |= {writer, to_broker}
            pumps = (
                self._pump(reader, to_broker, Way.TO_BROKER),
                self._pump(there, writer, Way.TO_CLIENT),
            )
            await asyncio.gather(*pumps)
            self._open -= {writer, to_broker}
        writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way
    ) -> None:
        with suppress(OSError):
            while octets := await reader.read(CHUNK):
                await asyncio.sleep(self._seconds)
                await self._until(lambda: way not in self._held)
                writer.write(octets)
                await writer.drain()
            await self._until(lambda: way not in self._held)
        writer.close()

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    def _abort(self) -> None:
        for each in self._open:
            each.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._set()
        self._abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
