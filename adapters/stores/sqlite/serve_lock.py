"""One ``serve`` on one embedded store: the first holds a lock that dies with its process."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from adapters.stores.one_process import OneProcess, OnlyMember
from adapters.stores.small_tables.alarms import StoredAlarms
from adapters.stores.sqlite.name_locks import name_lock
from adapters.stores.sqlite.store import SQLiteStore
from engine.ports.coordination import LiveWorker, Membership
from engine.ports.errors import FileUnwritable, StoreError
from engine.ports.views import Views

ATTEMPTS, PAUSE = 5, 0.02
"""Whoever only looks who serves holds the lock for an instant."""


class AlreadyServed(StoreError):
    sentence = (
        "{store} is served already, by {holder}. Stop that one first, or serve another store."
    )


class SQLiteCoordination(StoredAlarms, OneProcess):
    """The one worker holds the lock of the file, so that other processes can tell."""

    def __init__(self, store: SQLiteStore, views: Views) -> None:
        OneProcess.__init__(self, store, views)
        StoredAlarms.__init__(self, store)
        self._file = store

    @contextmanager
    def serving(self, worker: str, does: Sequence[str]) -> Iterator[Membership]:
        with serve_lock(self._file.path, worker, does):
            yield OnlyMember(self._store, self._views)

    def workers(self) -> Sequence[LiveWorker] | None:
        return holders(self._file.path)

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]:
        return name_lock(self._file.path, name, patience)


@contextmanager
def serve_lock(store: Path, worker: str = "", does: Sequence[str] = ()) -> Iterator[None]:
    """Hold the store for serving. Raises ``AlreadyServed``, which names the first."""
    path = _path(store)
    try:
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=path, said=error.strerror) from error
    with handle:
        if not _taken(handle, ATTEMPTS):
            raise AlreadyServed(store=store, holder=_named(_told(handle)))
        handle.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        held = {"pid": os.getpid(), "since": since, "name": worker, "does": list(does)}
        json.dump(held, handle)
        handle.flush()
        yield
        handle.truncate(0)


def holders(store: Path) -> Sequence[LiveWorker]:
    """Who serves the store now: one, or nobody."""
    try:
        handle = _path(store).open(encoding="utf-8")
    except OSError:
        return []
    with handle:
        if _taken(handle, 1, fcntl.LOCK_SH):
            return []
        held = _told(handle)
    since = held.get("since")
    name = held.get("name") or _named(held)
    return [LiveWorker(name, held.get("does", ()), since and datetime.fromisoformat(since))]


def _taken(handle: IO[str], attempts: int, how: int = fcntl.LOCK_EX) -> bool:
    for attempt in range(attempts):
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < attempts:
                time.sleep(PAUSE)
        else:
            return True
    return False


def _path(store: Path) -> Path:
    return store.with_name(f"{store.name}.serve")


def _told(handle: IO[str]) -> dict[str, Any]:
    """What the holder wrote; nothing while it has not yet."""
    handle.seek(0)
    try:
        found = json.loads(handle.read())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(held: dict[str, Any]) -> str:
    if "pid" not in held or "since" not in held:
        return "another process"
    return f"process {held['pid']} since {held['since']}"
