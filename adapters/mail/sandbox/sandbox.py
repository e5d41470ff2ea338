"""A sandbox in the background of a program, as tests and the demo use it."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from adapters.mail.sandbox.world import World

P = ParamSpec("P")
T = TypeVar("T")

ACCOUNTS = (
    ("ann@sandbox.test", "ann-secret"),
    ("bob@sandbox.test", "bob-secret"),
    ("cleo@sandbox.test", "cleo-secret"),
)
"""The mailboxes that exist if no others are given."""


def _operation(
    method: Callable[Concatenate[World, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Sandbox", P], T]:
    def wait(self: "Sandbox", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._wait_for(method(self._world, *args, **kwargs))

    wait.__doc__ = method.__doc__
    return wait


class Sandbox:
    """Serves for as long as its ``with`` block lasts. Its methods may be called from any thread.

    ``folder`` is for the certificates; without one, a temporary folder is used and removed.
    """

    def __init__(
        self,
        accounts: Sequence[tuple[str, str]] = ACCOUNTS,
        *,
        folder: Path | None = None,
        first_port: int | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._given_folder = folder
        self._first_port = first_port
        self._now = now
        self._world: World
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    served = _operation(World.served)
    add_account = _operation(World.add_account)
    fail = _operation(World.fail)
    refuse = _operation(World.refuse)
    relent = _operation(World.relent)
    show_certificate = _operation(World.show_certificate)
    close_port = _operation(World.close_port)
    open_port = _operation(World.open_port)
    deliver = _operation(World.deliver)
    reply = _operation(World.reply)
    bounce = _operation(World.bounce)
    accepted = _operation(World.accepted)
    messages = _operation(World.messages)
    renumber = _operation(World.renumber)
    approve = _operation(World.approve)
    untick = _operation(World.untick)
    grant = _operation(World.grant)
    revoke = _operation(World.revoke)
    expire_tokens = _operation(World.expire_tokens)
    rotate = _operation(World.rotate)

    def __enter__(self) -> Self:
        self._folder = self._given_folder or Path(tempfile.mkdtemp(prefix="sendledger-sandbox-"))
        self._thread.start()
        try:
            self._wait_for(self._begin())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._wait_for(self._world.end())
        self._stop()

    async def _begin(self) -> None:
        self._world = World(self._folder, self._now)
        for address, password in self._accounts:
            await self._world.add_account(address, password)
        await self._world.begin(self._first_port)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._given_folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
