"""A program that calls tools over real pipes or sockets, by the library's own client."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import anyio
import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from adapters.settings.model import EngineSettings

T = TypeVar("T")


class Told(NamedTuple):
    body: Any
    failed: bool


class Model(NamedTuple):
    client: Client

    async def call(self, name: str, **given: Any) -> Told:
        found = await self.client.call_tool(name, given)
        (content,) = found.content
        assert isinstance(content, TextContent)
        return Told(json.loads(content.text), bool(found.is_error))

    async def names(self) -> set[str]:
        return {each.name for each in (await self.client.list_tools()).tools}


@asynccontextmanager
async def by_socket(port: int, token: str) -> AsyncIterator[Model]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport) as client:
            yield Model(client)


@asynccontextmanager
async def by_pipe(settings: EngineSettings, *more: str) -> AsyncIterator[Model]:
    asked = ["-m", "adapters.program", "mcp", "--store", str(settings.store), *more]
    environment = {"SENDLEDGER_PROOF_FOLDER": str(settings.proof_folder)}
    started = StdioServerParameters(command=sys.executable, args=asked, env=environment)
    async with Client(stdio_client(started)) as c:
        yield Model(c)


def ask_by_socket(port: int, token: str, asked: Callable[[Model], Awaitable[T]]) -> T:
    async def run() -> T:
        async with by_socket(port, token) as model:
            return await asked(model)

    return anyio.run(run)


def ask_by_pipe(settings: EngineSettings, asked: Callable[[Model], Awaitable[T]], *more: str) -> T:
    async def run() -> T:
        async with by_pipe(settings, *more) as model:
            return await asked(model)

    return anyio.run(run)
