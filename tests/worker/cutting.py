"""A way to a port on which connections break: each after a random number of octets, or never."""

import asyncio
import math
import random
import threading
from contextlib import suppress
from typing import Any, Self

CHUNK = 16_384
LONGEST = (12_000, 5_000)
"""Octets after which a connection breaks, at most: to the server, and to the client."""


class Cutting:
    """Forwards to ``port`` as long as its ``with`` lasts. ``share`` of all connections break."""

    def __init__(self, port: int, seed: int, share: float) -> None:
        self._to, self._chance, self.share = port, random.Random(seed), share
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.connections = self.broken = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=1_000))
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, to_server = await asyncio.open_connection("127.0.0.1", self._to)
            self.connections += 1
            left: list[float] = [math.inf, math.inf]
            if self._chance.random() < self.share:
                way = self._chance.randrange(2)
                left[way] = self._chance.randrange(1, LONGEST[way])
            ends = writer, to_server
            ways = (reader, to_server, left[0]), (there, writer, left[1])
            await asyncio.gather(*(self._pump(*way, ends) for way in ways))
        writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        left: float,
        ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        writer.transport.set_write_buffer_limits(0)  # drained is written
        with suppress(OSError):
            while left > 0 and (octets := await reader.read(int(min(left, CHUNK)))):
                writer.write(octets)
                await writer.drain()
                left -= len(octets)
        if left > 0:
            writer.close()
            return
        self.broken += 1
        for each in ends:
            each.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)
