"""The SQLite library that Python itself uses, and the tables of functions by which it calls files.

Python's ``_sqlite3`` is asked for the library's symbols, so that they are those of the library that
it is linked with, dynamically or as a part of itself.
"""

import _sqlite3
from collections.abc import Callable
from ctypes import CDLL, CFUNCTYPE, Structure, c_char_p, c_int, c_int64, c_void_p
from functools import cache
from typing import Any, ClassVar

OK, BUSY, IOERR, NOTFOUND, FULL, CANTOPEN = 0, 5, 10, 12, 13, 14
IOERR_SHORT_READ, IOERR_WRITE, IOERR_FSYNC = IOERR | 2 << 8, IOERR | 3 << 8, IOERR | 4 << 8
IOERR_DELETE_NOENT = IOERR | 23 << 8
OPEN_CREATE = 0x4
OPEN_JOURNALS = 0x800 | 0x80000
"""The rollback journal and the write-ahead log: their names are synchronized with them."""
SHM_UNLOCK, SHM_EXCLUSIVE = 1, 8
POWERSAFE_OVERWRITE = 0x1000
"""What is written changes no octet beside it."""
_SEED = 28
"""``SQLITE_TESTCTRL_PRNG_SEED``."""
_TYPES: dict[str, Any] = {"i": c_int, "l": c_int64, "p": c_void_p, "s": c_char_p}
"""An int, one of 64 bits, a pointer, a text."""


def _functions(told: str) -> list[tuple[str, Any]]:
    """``name:types`` each; every one is given its object first and answers an int."""
    found = (each.partition(":") for each in told.split())
    asked = [(name, [_TYPES[each] for each in types]) for name, _, types in found]
    return [(name, CFUNCTYPE(c_int, c_void_p, *types)) for name, types in asked]


OF_A_FILE = _functions(
    "close read:pil write:pil truncate:l sync:i file_size:p lock:i unlock:i check_reserved_lock:p "
    "file_control:ip sector_size device_characteristics "
    "shm_map:iiip shm_lock:iii shm_barrier shm_unmap:i"
)
OF_A_SYSTEM = _functions(
    "open:spip delete:si access:sip full_pathname:sip dl_open dl_error dl_sym dl_close "
    "randomness:ip sleep:i current_time:p get_last_error current_time_int64:p"
)


class OpenFile(Structure):
    """``sqlite3_file``: its address is its name."""

    _fields_: ClassVar = [("methods", c_void_p)]


class FileMethods(Structure):
    """``sqlite3_io_methods``, of version 2."""

    _fields_: ClassVar = [("version", c_int), *OF_A_FILE]


class FileSystem(Structure):
    """``sqlite3_vfs``, of version 2."""

    _fields_: ClassVar = [
        ("version", c_int),
        ("size_of_a_file", c_int),
        ("longest_name", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        *OF_A_SYSTEM,
    ]


def table(functions: list[tuple[str, Any]], act: Callable[[str], Any]) -> dict[str, Any]:
    """What ``act`` answers None for is not there for SQLite either."""
    found = ((name, type_, act(name)) for name, type_ in functions)
    return {name: type_(each) for name, type_, each in found if each is not None}


@cache
def library() -> CDLL:
    """Raises ``OSError`` where Python keeps its SQLite to itself."""
    try:
        found = CDLL(_sqlite3.__file__)
        found.sqlite3_vfs_register.argtypes = (c_void_p, c_int)
    except (AttributeError, OSError) as error:
        raise OSError(f"this Python's SQLite takes no other file system: {error}") from error
    return found


def seed_of_randomness(seed: int) -> None:
    """From now on for the whole process; 0 for the system's own randomness."""
    library().sqlite3_test_control(_SEED, c_int(seed), None)
