"""A witness in a file of its own, which must be where no restored backup brings it back (M6).

The file has two places that are written in turn, each with a sum of what it holds: whatever breaks
off, the other one is whole. One note is one write that reaches the disk. A place holds the event
that is noted, and the highest number that was drawn for a generation.
"""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from adapters.durable_files import sync_folder
from engine.ports.witness import Noted

PLACE = 4_096
"""Octets of each of the two."""
PATIENCE, PAUSE = 5.0, 0.001
"""Seconds to wait for another process that notes something, and between two looks."""
NOTHING = Noted(0, "")


class _Kept(NamedTuple):
    turn: int = -1
    """Grows with every write; its parity tells the place."""
    noted: Noted = NOTHING
    generation: int = 0


class FileWitness:
    """Of the store with that id. The folder is made with the first note."""

    def __init__(self, folder: Path, store_id: str) -> None:
        self._file = folder / f"{store_id}.witness"
        self._store_id = store_id

    def read(self) -> Noted | None:
        try:
            octets = self._file.read_bytes()
        except FileNotFoundError:
            return None
        noted = self._parsed(octets).noted
        return None if noted == NOTHING else noted

    def note(self, noted: Noted) -> Noted:
        with self._locked() as file:
            kept = self._kept(file)
            if kept.noted.position >= noted.position:
                return kept.noted
            self._write(file, kept._replace(turn=kept.turn + 1, noted=noted))
        return noted

    def begin_anew(self, noted: Noted) -> None:
        with self._locked() as file:
            try:
                kept = self._kept(file)
            except OSError:
                kept = _Kept()
                os.ftruncate(file, 0)
            self._write(file, kept._replace(turn=kept.turn + 1, noted=noted))

    def draw_generation(self, above: int) -> int:
        with self._locked() as file:
            kept = self._kept(file)
            drawn = max(kept.generation, above) + 1
            self._write(file, kept._replace(turn=kept.turn + 1, generation=drawn))
        return drawn

    def _kept(self, file: int) -> _Kept:
        return self._parsed(os.pread(file, 2 * PLACE, 0))

    def _write(self, file: int, kept: _Kept) -> None:
        record = json.dumps([self._store_id, kept.turn, *kept.noted, kept.generation]).encode()
        octets = b"%08x %s" % (crc32(record), record)
        if len(octets) > PLACE:
            raise OSError(errno.EMSGSIZE, "the event's id is too long to be noted", str(self._file))
        os.pwrite(file, octets.ljust(PLACE), kept.turn % 2 * PLACE)
        os.fdatasync(file)

    def _parsed(self, octets: bytes) -> _Kept:
        places = [octets[:PLACE], octets[PLACE:]]
        found = [kept for place in places if (kept := self._of_place(place)) is not None]
        if octets and not found:
            raise OSError(errno.EIO, "it is damaged", str(self._file))
        return max(found, default=_Kept())

    def _of_place(self, octets: bytes) -> _Kept | None:
        stated, _, record = octets.rstrip(b" \0").partition(b" ")
        if not record or stated != b"%08x" % crc32(record):
            return None
        store_id, turn, position, event_id, *drawn = json.loads(record)
        if store_id != self._store_id:
            raise OSError(errno.EINVAL, "it is of another store", str(self._file))
        return _Kept(turn, Noted(position, event_id), *drawn)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        made = not self._file.exists()
        if made:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(file)
            yield file
            if made:
                sync_folder(self._file.parent)
        finally:
            os.close(file)

    def _lock(self, file: int) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE)
