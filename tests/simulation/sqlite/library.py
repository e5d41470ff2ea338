"""The SQLite library that Python itself uses, and the tables of functions that it calls files by.

Python's ``_sqlite3`` is asked for the library's symbols, so that they are those of the library that
it is linked with, dynamically or as a part of itself.
"""

import _sqlite3
import ctypes
from collections.abc import Callable, Mapping
from ctypes import CDLL, CFUNCTYPE, Structure, c_char_p, c_int, c_int64, c_void_p
from functools import cache
from typing import Any, ClassVar

OK, BUSY, IOERR, FULL, CANTOPEN, NOTFOUND = 0, 5, 10, 13, 14, 12
IOERR_READ, IOERR_SHORT_READ, IOERR_WRITE, IOERR_FSYNC = (
    IOERR | each << 8 for each in (1, 2, 3, 4)
)
IOERR_DELETE_NOENT = IOERR | 23 << 8
OPEN_CREATE = 0x4
OPEN_JOURNALS = 0x800 | 0x80000
"""The rollback journal and the write-ahead log: their names are synchronized with them."""
SHM_UNLOCK, SHM_EXCLUSIVE = 1, 8
POWERSAFE_OVERWRITE = 0x1000
"""What is written changes no octet beside it."""
DAY = 86_400_000
"""Milliseconds."""
_SEED = 28
"""``SQLITE_TESTCTRL_PRNG_SEED``."""

Signatures = Mapping[str, tuple[Any, ...]]
OF_A_FILE: Signatures = {
    "close": (),
    "read": (c_void_p, c_int, c_int64),
    "write": (c_void_p, c_int, c_int64),
    "truncate": (c_int64,),
    "sync": (c_int,),
    "file_size": (c_void_p,),
    "lock": (c_int,),
    "unlock": (c_int,),
    "check_reserved_lock": (c_void_p,),
    "file_control": (c_int, c_void_p),
    "sector_size": (),
    "device_characteristics": (),
    "shm_map": (c_int, c_int, c_int, c_void_p),
    "shm_lock": (c_int, c_int, c_int),
    "shm_barrier": (),
    "shm_unmap": (c_int,),
}
OF_A_SYSTEM: Signatures = {
    "open": (c_char_p, c_void_p, c_int, c_void_p),
    "delete": (c_char_p, c_int),
    "access": (c_char_p, c_int, c_void_p),
    "full_pathname": (c_char_p, c_int, c_void_p),
    "dl_open": (),
    "dl_error": (),
    "dl_sym": (),
    "dl_close": (),
    "randomness": (c_int, c_void_p),
    "sleep": (c_int,),
    "current_time": (c_void_p,),
    "get_last_error": (),
    "current_time_int64": (c_void_p,),
}


def _fields(signatures: Signatures) -> list[tuple[str, Any]]:
    return [(name, CFUNCTYPE(c_int, c_void_p, *asked)) for name, asked in signatures.items()]


class OpenFile(Structure):
    """``sqlite3_file``: its address is its name."""

    _fields_: ClassVar = [("methods", c_void_p)]


class FileMethods(Structure):
    """``sqlite3_io_methods``, of version 2."""

    _fields_: ClassVar = [("version", c_int), *_fields(OF_A_FILE)]


class FileSystem(Structure):
    """``sqlite3_vfs``, of version 2."""

    _fields_: ClassVar = [
        ("version", c_int),
        ("size_of_a_file", c_int),
        ("longest_name", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        *_fields(OF_A_SYSTEM),
    ]


def functions(signatures: Signatures, of: Mapping[str, Callable[..., int]]) -> dict[str, Any]:
    """What is not among them is not there for SQLite either."""
    types = dict(_fields(signatures))
    return {name: types[name](each) for name, each in of.items()}


@cache
def library() -> CDLL:
    """Raises ``OSError`` or ``AttributeError`` where Python keeps its SQLite to itself."""
    found = ctypes.CDLL(_sqlite3.__file__)
    found.sqlite3_vfs_register.argtypes = (c_void_p, c_int)
    return found


def seed_of_randomness(seed: int) -> None:
    """From now on for the whole process; 0 for the system's own randomness."""
    library().sqlite3_test_control(_SEED, c_int(seed), None)
