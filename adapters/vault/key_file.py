"""The file of keys: read only if nobody else can read it, and replaced as a whole."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.durable_files import create_private, sync_folder
from adapters.vault.keys import (
    EXPECTED,
    VARIABLE,
    Key,
    Keyring,
    KeySource,
    new_key,
    parse_keys,
    written,
)
from engine.work.secret import NoKey, Secret, UnusableKey

LARGEST_FILE = 65_536
"""Octets."""
_HEAD = (
    "# Keys of a Sendledger vault. Whoever has this file and the store can read every password.\n"
)


def key_source(file: Path | None, variable: Secret | None) -> KeySource:
    """The file that the settings name, or the variable. Raises ``VaultError`` when it is called."""

    def keys() -> Keyring:
        if file is not None and variable is not None:
            raise UnusableKey(
                source=VARIABLE, problem="the setting vault_key_file names a file too; give one."
            )
        if file is not None:
            return read_key_file(file)
        if variable is not None:
            return parse_keys(variable.reveal(), VARIABLE)
        raise NoKey

    return keys


def read_key_file(path: Path) -> Keyring:
    """The keys in a file that only its owner can read. Raises ``UnusableKey``."""
    try:
        text = _octets_of(path).decode("ascii")
    except OSError as error:
        raise UnusableKey(source=str(path), problem=f"{error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnusableKey(source=str(path), problem=f"it is no text; {EXPECTED}.") from None
    if len(text) > LARGEST_FILE:
        raise UnusableKey(source=str(path), problem="it is too large to be a file of keys.")
    return parse_keys(text, str(path))


def _octets_of(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _refuse_open_to_others(os.fstat(handle), path)
        return os.read(handle, LARGEST_FILE + 1)
    finally:
        os.close(handle)


def _refuse_open_to_others(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnusableKey(source=str(path), problem="it is no file.")
    if found.st_uid not in {0, os.geteuid()}:
        raise UnusableKey(source=str(path), problem="it belongs to another user.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise UnusableKey(
            source=str(path), problem=f"others may read it ({mode}). Run `chmod 600 {path}`."
        )


def make_key_file(path: Path) -> Key:
    """Make a file with a new key, on disk when this returns; never in place of another file."""
    key = new_key()
    try:
        _write(path, (key,))
        sync_folder(path.parent)
    except FileExistsError:
        raise UnusableKey(
            source=str(path), problem="there is a file already, which is left as it is."
        ) from None
    except OSError as error:
        raise UnusableKey(source=str(path), problem=f"{error.strerror}.") from None
    return key


def replace_key_file(path: Path, keys: Keyring) -> None:
    """Replace the file, all or nothing, on disk when this returns; a link stays a link.

    Raises ``UnusableKey``.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.unlink(missing_ok=True)
        _write(beside, keys)
        beside.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise UnusableKey(
            source=str(path), problem=f"it cannot be written: {error.strerror}."
        ) from None


@contextmanager
def key_file_locked(path: Path) -> Iterator[None]:
    """Let one process at a time change the file. The folder is locked, as the file is replaced."""
    folder = _opened_folder(path)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise UnusableKey(
            source=str(path), problem="another rotation is under way. Wait for its end."
        ) from None
    try:
        yield
    finally:
        os.close(folder)


def _opened_folder(path: Path) -> int:
    try:
        return os.open(path.resolve().parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UnusableKey(source=str(path), problem=f"{error.strerror}.") from None


def _write(path: Path, keys: Keyring) -> None:
    create_private(path, f"{_HEAD}{written(keys)}".encode())
