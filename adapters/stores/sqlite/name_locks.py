"""Locks of names beside an embedded store: files, whose locks die with who holds them."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from engine.ports.errors import FileUnwritable, StillHeld

PAUSE = 0.01
"""Seconds between two looks at a lock that somebody else holds."""


@contextmanager
def name_lock(store: Path, name: str, patience: float) -> Iterator[None]:
    """Held against threads and processes alike. There are 256 files, so that two names may share
    one and then wait for each other. Raises ``StillHeld``."""
    path = _path(store, name)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = path.open("a")
    except OSError as error:
        raise FileUnwritable(file=path, said=error.strerror) from error
    with handle:
        ends = time.monotonic() + patience
        while not _taken(handle.fileno()):
            if time.monotonic() >= ends:
                raise StillHeld(name=name, patience=patience)
            time.sleep(PAUSE)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _path(store: Path, name: str) -> Path:
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return store.resolve().with_name(f"{store.resolve().name}.locks") / digest[:2]
