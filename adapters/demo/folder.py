"""The demo's folder: made, or made anew, and never at the expense of anything else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.ports.errors import StoreError

MARKER = "made-by-sendledger-demo"
STORE = "sendledger.db"
OUTBOX = "outbox"


class DemoFolderError(StoreError):
    """The folder cannot be the demo's; the text says why."""


def claim(folder: Path) -> None:
    """Make the folder ours. Raises ``DemoFolderError``, touching nothing, when it is not."""
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(folder.iterdir())
        if found:
            _require_ours(folder, found)
        (folder / MARKER).touch()


def clear(folder: Path) -> None:
    """Remove what an earlier demo left; the lock of the store that is about to be stays."""
    with _explained(folder):
        shutil.rmtree(folder / OUTBOX, ignore_errors=True)
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{STORE}{suffix}").unlink(missing_ok=True)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DemoFolderError(f"{folder} cannot be used: {error.strerror or error}.") from error


def _require_ours(folder: Path, found: list[Path]) -> None:
    foreign = [each.name for each in found if not _ours(each)]
    if not (folder / MARKER).is_file():
        raise DemoFolderError(f"{folder} is no demo folder. Name one that is empty or new.")
    if foreign:
        raise DemoFolderError(
            f"{folder} holds more than the demo left there: {', '.join(foreign)}. "
            "Move that away, or name another folder."
        )


def _ours(path: Path) -> bool:
    if path.is_symlink():
        return False
    if path.is_dir():
        return path.name == OUTBOX
    return path.name == MARKER or path.name.startswith(STORE)
