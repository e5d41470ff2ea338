"""The demo's folder: created or replaced, and never at the expense of anything else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.ports.errors import StoreError

MARKER = "made-by-sendledger-demo"
STORE = "sendledger.db"
OUTBOX = "outbox"
FOLDERS = (OUTBOX, f"{STORE}.locks")


class DemoFolderError(StoreError):
    """The folder cannot be used for the demo."""

    sentence = "{folder} {problem}."


def claim(folder: Path) -> None:
    """Take the folder for the demo, unless it is not ours. Raises ``DemoFolderError``."""
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(folder.iterdir())
        foreign = ", ".join(each.name for each in found if not _ours(each))
        problem = ""
        if found and not (folder / MARKER).is_file():
            problem = "is no demo folder. Name one that is empty or new"
        elif foreign:
            problem = f"holds more than the demo left there: {foreign}. Name another folder"
        if problem:
            raise DemoFolderError(folder=folder, problem=problem)
        (folder / MARKER).touch()


def clear(folder: Path) -> None:
    """Remove what an earlier demo left, except the lock of the store that is about to be made."""
    with _explained(folder):
        for name in FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{STORE}{suffix}").unlink(missing_ok=True)


def _ours(path: Path) -> bool:
    if path.is_symlink() or path.is_dir():
        return path.name in FOLDERS and not path.is_symlink()
    return path.name == MARKER or path.name.startswith(STORE)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be used: {error.strerror or error}"
        raise DemoFolderError(folder=folder, problem=problem) from error
