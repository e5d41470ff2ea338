"""One ``serve`` on one embedded store: the first holds a lock that dies with its process."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from engine.ports.errors import StoreError


class AlreadyServed(StoreError):
    sentence = (
        "{store} is served already, by {holder}. Stop that one first, or serve another store."
    )


@contextmanager
def serve_lock(store: Path) -> Iterator[None]:
    """Hold the store for serving. Raises ``AlreadyServed``, which names the first."""
    path = store.with_name(f"{store.name}.serve")
    try:
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise AlreadyServed(store=store, holder=_holder(handle.read())) from None
        handle.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "since": since}, handle)
        handle.flush()
        yield
        handle.truncate(0)


def _holder(text: str) -> str:
    try:
        held = json.loads(text)
        return f"process {held['pid']} since {held['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
