"""Locks of names beside an embedded store: files, whose locks die with who holds them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from engine.ports.errors import FileUnwritable, StillHeld

PAUSE = 0.01
"""Seconds between two looks at a lock that somebody else holds."""


@contextmanager
def name_lock(store: Path, name: str, patience: float) -> Iterator[None]:
    """Held against threads and processes alike; the file is there as long as the lock is held, or
    until the next one after a crash. Raises ``StillHeld``."""
    path, ends = _path(store, name), time.monotonic() + patience
    while (descriptor := _taken(path)) is None:
        if time.monotonic() >= ends:
            raise StillHeld(name=name, patience=patience)
        time.sleep(PAUSE)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    """None where somebody else has it, or removed the file before we held it."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileUnwritable(file=path, said=error.strerror) from error
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    os.close(descriptor)
    return None


def _path(store: Path, name: str) -> Path:
    there, digest = store.resolve(), sha256(name.encode("utf-8", "surrogatepass"))
    return there.with_name(f"{there.name}.locks") / digest.hexdigest()
