"""Following the feed: the readers of a process share what is read and encoded, and one watch.

A page lies between two positions, so it never changes: readers at the same place get the same
octets. Nothing is queued for a reader: a slow one continues from where it is, and costs one page.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from time import monotonic
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from engine.ports.errors import StoreError
from engine.stream.feed import Feed, FeedPage
from engine.waiting import Wakes
from events.errors import ExplainedError

BATCH = "application/cloudevents-batch+json"
STREAM_PAGE = 500
"""Events that are sent to a stream together."""
KEPT = 64 * 1024 * 1024
"""Octets of pages that are kept for other readers."""
HEARTBEAT = 15.0
"""Seconds after which a stream sends a comment, and asks whether its reader is still allowed."""
PACE = 0.1
"""Seconds between two looks at the log: what comes meanwhile is sent together."""
LONGEST = 1.0
"""Seconds after which the log is looked at even if nobody reported that it had grown."""

COMMENT = b":\n\n"

Form = Callable[[FeedPage], bytes]


def as_batch(page: FeedPage) -> bytes:
    """CloudEvents' JSON batch format."""
    return b"[" + b",".join(page.events) + b"]"


def as_stream(page: FeedPage) -> bytes:
    """Server-sent events, each with its id."""
    prefix = f"id: {page.store.store_id}.{page.store.generation}:".encode()
    return b"".join(
        b"%b%d\ndata: %b\n\n" % (prefix, position, b"\ndata: ".join(event.splitlines()))
        for position, event in zip(page.positions, page.events, strict=True)
    )


class Wanted(NamedTuple):
    """A page, and the form in which it is wanted."""

    form: Form
    after: int
    until: int
    workspace: str | None


class Told(NamedTuple):
    octets: bytes
    events: int
    last: int
    place: str


class Following:
    """Readers of one store, in one event loop. ``appends`` opens what wakes after an append."""

    def __init__(
        self,
        feed: Feed,
        appends: Callable[[], AbstractContextManager[Wakes]],
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self.feed = feed
        self._heartbeat = heartbeat
        self._appends = appends
        self._pages: OrderedDict[Wanted, asyncio.Task[Told]] = OrderedDict()
        self._octets = 0
        self._head = 0
        self._looked = asyncio.Event()
        self._followers = 0
        self._watching: asyncio.Task[None] | None = None

    async def batch(self, after: int, limit: int, wait: float, workspace: str | None) -> Told:
        """Up to ``limit`` events after the position; waits up to ``wait`` seconds for the first
        one. Raises what ``Feed`` raises."""
        deadline = monotonic() + wait
        told = await self._page(Wanted(as_batch, after, after + limit, workspace))
        with self._follows():
            while not told.events and await self._growth(told.last, deadline - monotonic()):
                told = await self._page(Wanted(as_batch, told.last, told.last + limit, workspace))
        if told.last == after + limit:
            self._begin(Wanted(as_batch, told.last, told.last + limit, workspace))
        return told

    async def stream(
        self, after: int, workspace: str | None, allowed: Callable[[], object]
    ) -> AsyncIterator[bytes]:
        """Server-sent events without end. ``allowed`` is called at every heartbeat, in a thread,
        and ends the stream by raising. Raises what ``Feed`` raises."""
        place, due = str(after), monotonic() + self._heartbeat
        yield COMMENT
        with self._follows():
            while True:
                if monotonic() >= due:
                    await run_in_threadpool(allowed)
                    await run_in_threadpool(self.feed.position, place)
                    due = monotonic() + self._heartbeat
                    yield COMMENT
                if self._head <= after:
                    await self._tick()
                else:
                    until = min(self._head, after + STREAM_PAGE)
                    told = await self._page(Wanted(as_stream, after, until, workspace))
                    after, place = told.last, told.place
                    if told.events:
                        yield told.octets

    async def _page(self, wanted: Wanted) -> Told:
        """The page, read once for all readers who want it now or soon."""
        shared = self._pages.get(wanted)
        if shared is not None and shared.done():
            return shared.result()
        told = await asyncio.shield(self._begin(wanted))
        if shared is not None and told.last < wanted.until:  # perhaps begun before the last append
            told = await asyncio.shield(self._begin(wanted))
        return told

    def _begin(self, wanted: Wanted) -> asyncio.Task[Told]:
        task = self._pages.get(wanted)
        if task is None:
            task = asyncio.create_task(run_in_threadpool(self._read, wanted))
            self._pages[wanted] = task
            task.add_done_callback(partial(self._ended, wanted))
        self._pages.move_to_end(wanted)
        return task

    def _read(self, wanted: Wanted) -> Told:
        page = self.feed.read(wanted.after, wanted.until, wanted.workspace)
        return Told(wanted.form(page), len(page.events), page.last, page.place)

    def _ended(self, wanted: Wanted, task: asyncio.Task[Told]) -> None:
        """Forget a page that may still grow or could not be read; the next reader reads it anew."""
        if task.cancelled() or task.exception() or task.result().last < wanted.until:
            del self._pages[wanted]
            return
        self._octets += len(task.result().octets)
        for each, old in list(self._pages.items()):
            if self._octets <= KEPT:
                break
            if old.done():
                del self._pages[each]
                self._octets -= len(old.result().octets)

    @contextmanager
    def _follows(self) -> Iterator[None]:
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def _growth(self, after: int, seconds: float) -> bool:
        """Whether the log grows beyond that position within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._head <= after:
                    await self._tick()
        return self._head > after

    async def _tick(self) -> None:
        """Wait for the next look at the log: ``LONGEST`` and ``PACE`` at the latest."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        await self._looked.wait()

    async def _watch(self) -> None:
        """Look at the log while anybody follows. If the store is lost, readers wait in vain."""
        with ExitStack() as stack:
            try:
                wakes = await run_in_threadpool(stack.enter_context, self._appends())
                while self._followers:
                    with suppress(StoreError):
                        await self._look()
                    self._wake()
                    await asyncio.sleep(PACE)
                    await run_in_threadpool(wakes.wait, LONGEST)
            finally:
                self._watching = None
                self._wake()

    async def _look(self) -> None:
        """Look at the log once; the page that most readers want is read before they are woken."""
        before, head = self._head, await run_in_threadpool(self.feed.last_position)
        if before and before < head <= before + STREAM_PAGE:
            with suppress(ExplainedError):  # readers learn of it when they ask
                await self._page(Wanted(as_stream, before, head, None))
        self._head = head

    def _wake(self) -> None:
        self._looked.set()
        self._looked = asyncio.Event()
