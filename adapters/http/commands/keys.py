"""``Idempotency-Key``: what keeps a request from being carried out twice, whoever repeats it.

A request of one step is kept in the append itself: its command id is made of the caller's key and a
keyed digest of what is asked, and the store takes one command id for a key. Steps of others have
ids that derive from these two.
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
    """Of the caller's key: ``http.`` and 32 hexadecimal digits."""
    request: str
    """Digest of what is asked under it."""

    @property
    def command_id(self) -> str:
        return f"{self.id}.{self.request}"

    def step(self, *names: str) -> str:
        """The command id of one step, the same whenever the request is repeated."""
        return derived_id(self.command_id, *names)

    def new_ids(self, *names: str) -> Callable[[], str]:
        """One after another, the same ones whenever the request is repeated."""
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
    """Raises ``KeyMissing``."""
    if not given or len(given) > LONGEST or not given.isascii() or not given.isprintable():
        raise KeyMissing
    told = f"{caller.name}\x1f{given}"
    return Key(f"{KEEPS_FACTS}{sha256(told.encode()).hexdigest()[:32]}", request)


def digest_of(secret: bytes, *parts: str) -> str:
    """Keyed, so that nobody can guess from it what was asked."""
    told = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(secret, told, sha256).hexdigest()[:32]


class UnderWay:
    """One at a time under a key, of all threads and processes."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination
        self._here: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def alone(self, workspace: str, key: str) -> Iterator[None]:
        """Raises ``StillRunning``."""
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
