"""Production's HTTP application as one process has it, called in its thread, without a socket."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache
from json import dumps, loads
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from anyio._backends._asyncio import AsyncIOBackend
from anyio._core import _eventloop
from fastapi import FastAPI
from starlette.datastructures import State
from starlette.types import ASGIApp

from adapters.composition.access import staff_of, tokens_of
from adapters.composition.programs import Opened, Program
from adapters.http.commands.performing import Commands
from adapters.http.credentials import KnownCallers
from adapters.http.server import guarded, server
from adapters.http.site import Site
from adapters.settings.model import EngineSettings
from adapters.stores.small_tables import http_requests
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.ports.clock import Clock
from engine.ports.store import Store
from engine.ports.views import StoredViews
from engine.work.staff import SignIns
from tests.simulation.disk import Disk
from tests.simulation.workers import Program as Running
from tests.simulation.workers import World

T = TypeVar("T")
REQUESTS = Path(http_requests.__file__).with_suffix(".sql")
SECRET = "5e" * 32
"""Of keyed digests; production draws it."""


class Call(NamedTuple):
    """A request. ``after``: seconds since the last answer, or since nobody answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = None
    after: float = 0.0


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def replayed(self) -> bool:
        return "idempotency-replayed" in self.headers


class OpenedHere(Opened):
    """Whose small tables may stand elsewhere than its log."""

    tables: TableStore

    @property
    def beside(self) -> TableStore:
        return self.tables


def opened_over(
    world: World, tables: TableStore, store: Store | None = None, fence: Any = None
) -> OpenedHere:
    """As much of an opened store as requests ask for."""
    disk = world.disk
    about = cast("StoredViews", disk.views), cast("Any", world.people)
    beside = cast("Any", disk.coordination()), cast("Any", None), fence
    found = OpenedHere("sim", store or disk.store, *about, *beside)
    found.tables = tables
    return found


def _now(disk: Disk) -> Clock:
    return lambda: disk.store.now()  # noqa: PLW0108 it may be another one by then


class Web:
    """Of one process, until the database is another one."""

    def __init__(self, world: World, running: Running, tables: TableStore) -> None:
        self.epoch = world.disk.epoch
        SmallTable(tables, REQUESTS).write("draw", value=SECRET)
        opened = opened_over(world, tables, running.store, running.fence)
        reader = opened_over(world, tables, None, running.fence)
        disk, monotonic = world.disk, world.machine.monotonic
        sign_ins = SignIns(staff_of(opened))
        callers = KnownCallers(tokens_of(opened), sign_ins, _now(disk), monotonic=monotonic)
        program = Program(settings(), opened, running.engine)
        self._app = app_of(Site(program, reader, callers, cast("Any", None), clock=_now(disk)))

    def answer(self, call: Call) -> Answer:
        path, _, query = call.path.partition("?")
        octets = b"" if call.body is None else dumps(call.body).encode()
        named = {"content-type": "application/json", **call.headers}
        scope = {
            "type": "http",
            "method": call.method,
            "path": f"/v1{path}",
            "raw_path": f"/v1{path}".encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), text.encode()) for name, text in named.items()],
        }
        return _answered(self._app, scope, octets)


def _answered(app: ASGIApp, scope: dict[str, Any], octets: bytes) -> Answer:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": octets, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    with in_one_thread():
        _at_once(cast("Any", app(scope, receive, send)))
    headers = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return Answer(sent[0]["status"], headers, loads(body) if body else None)


@cache
def settings() -> EngineSettings:
    return EngineSettings(store="sqlite:///sim.db")


_first: list[FastAPI] = []
"""Making one takes longer than a run: the others are copies of it."""


def app_of(site: Site) -> ASGIApp:
    if not _first:
        _first.append(server(site))
        _first[0].state = State()
    found = copy(_first[0])
    found.state = State({"site": site, "commands": Commands(site)})
    found.middleware_stack = None
    return guarded(found, secure=False)


class AtOnce(AsyncIOBackend):
    """What is handed to a thread is done by whoever hands it over."""

    @classmethod
    async def run_sync_in_worker_thread(
        cls, func: Callable[..., T], args: tuple[Any, ...], *_: Any, **__: Any
    ) -> T:
        return func(*args)


class Loop:
    """As much of an event loop as the application asks for."""

    async def run_in_executor(self, _: object, act: Callable[..., T], *args: Any) -> T:
        return act(*args)


_inside: list[None] = []
"""Requests under way: processes take turns within them."""


@contextmanager
def in_one_thread() -> Iterator[None]:
    backends = _eventloop.loaded_backends
    if not _inside:
        backends["asyncio"] = AtOnce
        asyncio._set_running_loop(cast("Any", Loop()))
    _inside.append(None)
    try:
        yield
    finally:
        _inside.pop()
        if not _inside:
            backends["asyncio"] = AsyncIOBackend
            asyncio._set_running_loop(None)


def _at_once(waits: Coroutine[Any, Any, None]) -> None:
    try:
        waits.send(None)
    except StopIteration:
        return
    raise AssertionError("a request waits for what nobody does")
