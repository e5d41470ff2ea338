"""``Idempotency-Key``: keeps a request from being carried out twice, whoever repeats it.

A request of one step is recorded by the append itself: its command id consists of the caller's key
and a keyed digest of the request, and the store accepts a command id once per key. The steps of
other requests have ids that derive from these two.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from threading import Lock
from typing import NamedTuple

from adapters.http.problems import Problem
from engine.batch import KEEPS_FACTS, derived_id
from engine.ports.coordination import Coordination
from engine.ports.errors import StillHeld
from engine.work.permissions import Caller

LONGEST = 255


class Key(NamedTuple):
    id: str
    """Derived from the caller's key: ``http.`` and 32 hexadecimal digits."""
    request: str
    """The digest of the request made under it."""

    @property
    def command_id(self) -> str:
        return f"{self.id}.{self.request}"

    def step(self, *names: str) -> str:
        """The command id of one step, the same whenever the request is repeated."""
        return derived_id(self.command_id, *names)

    def new_ids(self, *names: str) -> Callable[[], str]:
        """Ids, one after another; the same ones whenever the request is repeated."""
        numbers = count()
        return lambda: self.step(*names, str(next(numbers)))


class KeyMissing(Problem):
    def __init__(self) -> None:
        super().__init__(
            400,
            "idempotency_key_missing",
            f"Give an Idempotency-Key of 1 to {LONGEST} visible ASCII characters, a new one for "
            "each thing to be done.",
        )


class KeyUsed(Problem):
    def __init__(self) -> None:
        super().__init__(
            422,
            "idempotency_key_used",
            "Something else was asked under this Idempotency-Key. Take a new one.",
        )


class StillRunning(Problem):
    def __init__(self) -> None:
        super().__init__(
            409,
            "still_running",
            "What was asked under this Idempotency-Key is being done. Ask again later.",
            headers={"Retry-After": "1"},
        )


def key_of(given: str | None, caller: Caller, request: str) -> Key:
    """The key that was given. Raises ``KeyMissing``."""
    if not given or len(given) > LONGEST or not given.isascii() or not given.isprintable():
        raise KeyMissing
    told = f"{caller.name}\x1f{given}"
    return Key(f"{KEEPS_FACTS}{sha256(told.encode()).hexdigest()[:32]}", request)


def digest_of(secret: bytes, *parts: str) -> str:
    """A keyed digest, so that nobody can guess the request from it."""
    told = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(secret, told, sha256).hexdigest()[:32]


class UnderWay:
    """Requests that are being carried out: one per key, across all threads and processes."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination
        self._here: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def alone(self, workspace: str, key: str) -> Iterator[None]:
        """Hold the key for as long as the block lasts. Raises ``StillRunning``."""
        name = f"http {workspace} {key}"
        with self._lock:
            if name in self._here:
                raise StillRunning
            self._here.add(name)
        try:
            with _held(self._coordination, name):
                yield
        finally:
            self._here.discard(name)


@contextmanager
def _held(coordination: Coordination, name: str) -> Iterator[None]:
    lock = coordination.exclusively(name, 0)
    try:
        lock.__enter__()
    except StillHeld:
        raise StillRunning from None
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
