"""A tree in a folder of plain files, as in C2SP's tlog-tiles; any web server can serve it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from shutil import rmtree

from adapters.durable_files import sync_folder, write_octets
from engine.proof.errors import ProofError, TileMissing
from engine.proof.tiles import WIDTH, Tile, bundle, in_bundle, in_tile

LARGEST_NOTE = 1 << 20
PATIENCE, LOOK_AGAIN = 2.0, 0.05
"""Seconds of waiting for another process that signs, and between two attempts."""


class FolderUnusable(ProofError):
    sentence = "The folder {folder} cannot be used: {problem}."


class FolderInUse(ProofError):
    sentence = "Somebody else signs into {folder} at this moment. Try again when he is done."


class TileFolder:
    """Implements ``Tiles``. A file is complete or absent; what was published stays published."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[Path] = set()
        self._filled: list[Path] = []

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process write at a time; one that dies releases the lock. Between machines this
        holds only as far as their file system supports locks."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = self._file(".lock").open("wb")
        except OSError as error:
            raise self._unusable(error) from None
        with lock:
            until = time.monotonic() + PATIENCE
            while not _locked(lock.fileno()):
                if time.monotonic() > until:
                    raise FolderInUse(folder=self._folder)
                time.sleep(LOOK_AGAIN)
            yield

    def checkpoint(self) -> str | None:
        try:
            octets = self._file("checkpoint").read_bytes()[:LARGEST_NOTE]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        return octets.decode(errors="replace")

    def read(self, tile: Tile) -> Sequence[bytes]:
        """The tile's hashes, from its file or from the full tile's. Raises ``TileMissing``."""
        for each in (tile, tile._replace(width=WIDTH)):
            with suppress(OSError):
                octets = self._file(each.path).read_bytes()
                found = in_bundle(octets) if tile.level is None else in_tile(octets)
                if len(found) == each.width and _as_file(tile, found) == octets:
                    return found[: tile.width]
        raise TileMissing(path=tile.path)

    def octets(self, tile: Tile) -> bytes:
        """What ``read`` answers, as a file of that width."""
        return _as_file(tile, self.read(tile))

    def write(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        file = self._file(tile.path)
        self._replace(file, _as_file(tile, hashes))
        if tile.width == WIDTH:
            self._filled.append(file)

    def publish(self, note: str) -> None:
        """Publish a checkpoint. Narrower files of tiles that are now full are removed: ``read``
        uses the full one."""
        for each in self._written:
            sync_folder(each)
        self._written.clear()
        for each in self._filled:
            rmtree(each.with_name(f"{each.name}.p"), ignore_errors=True)
        self._filled.clear()
        self._replace(self._file("checkpoint"), note.encode())
        sync_folder(self._folder)

    def _file(self, path: str) -> Path:
        return self._folder / path

    def _replace(self, file: Path, octets: bytes) -> None:
        """Replace a file; durable once its folders are synced, which ``publish`` does first."""
        beside = file.with_name(f".{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_octets(beside, octets)
            beside.replace(file)
        except OSError as error:
            raise self._unusable(error) from None
        depth = len(file.relative_to(self._folder).parents)
        self._written.update([*file.parents][:depth])

    def _unusable(self, error: OSError) -> FolderUnusable:
        return FolderUnusable(folder=self._folder, problem=error.strerror or str(error))


def _as_file(tile: Tile, hashes: Sequence[bytes]) -> bytes:
    return bundle(hashes) if tile.level is None else b"".join(hashes)


def _locked(handle: int) -> bool:
    with suppress(BlockingIOError):
        flock(handle, LOCK_EX | LOCK_NB)
        return True
    return False
