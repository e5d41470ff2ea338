"""Files whose octets and names are on the disk when a call returns. Raises ``OSError``."""

import os
from pathlib import Path


def write_octets(path: Path, octets: bytes) -> None:
    """Write the file; its name is on the disk once its folder is synced, too."""
    _put(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666), octets)


def create_private(path: Path, octets: bytes) -> None:
    """Make a file that nobody else can read; never in place of another."""
    _put(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), octets)


def sync_folder(folder: Path) -> None:
    """Have the names in the folder reach the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(handle: int, octets: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(handle)
