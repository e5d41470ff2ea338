"""``file:DRIVE/PROGRAM/FILE?vfs=simulated``: SQLite's files on drives in memory."""

from collections.abc import Callable
from ctypes import addressof, byref, c_int, c_int64, memmove, sizeof
from functools import cache
from itertools import count
from typing import Any

from tests.simulation.sqlite import library as of
from tests.simulation.sqlite.system import Handle, System

NAME, LONGEST = "simulated", 256
MOMENT = 2_461_046 * 86_400_000
"""Milliseconds since the Julian epoch, in January 2026: no statement of ours asks for the time."""
_systems: dict[str, System] = {}
_handles: dict[int, Handle] = {}
"""By the address at which SQLite keeps an open file, until it closes it."""
_numbers = count(1)


def mounted(system: System) -> str:
    """The name of its drive until it is unmounted. Raises as ``library``."""
    _register()
    name = str(next(_numbers))
    _systems[name] = system
    return name


def unmount(drive: str) -> None:
    """What is still open there leads nowhere."""
    _systems.pop(drive).end_all()


def address(drive: str, program: str, file: str) -> str:
    """The URI by which a program opens a file."""
    return f"file:{drive}/{program}/{file}?vfs={NAME}"


def _of_a_file(name: str) -> Callable[..., int]:
    """What a program that has ended asks for fails and changes nothing."""
    act = getattr(Handle, name)

    def call(file: int, *told: int) -> int:
        handle = _handles[file]
        return of.IOERR if handle.ended else act(handle, *told)

    def close(file: int) -> int:
        return _handles.pop(file).close()

    return close if name == "close" else call


def _of_a_name(name: str) -> Callable[..., int]:
    def call(_: int, path: bytes, *told: int) -> int:
        drive, program, file = path.decode().split("/")
        return int(getattr(_systems[drive], name)(program, file, *told))

    return call


def _open(_: int, path: bytes | None, place: int, flags: int, given: int | None) -> int:
    opened = of.OpenFile.from_address(place)
    opened.methods = None
    drive, program, file = (path or b"//").decode().split("/")
    handle = _systems[drive].open(program, file, flags) if drive in _systems else None
    if handle is None:
        return of.CANTOPEN
    _handles[place] = handle
    opened.methods = addressof(_methods())
    if given:
        c_int.from_address(given).value = flags
    return of.OK


def _full_pathname(_: int, path: bytes, size: int, place: int) -> int:
    if len(path) >= size:
        return of.CANTOPEN
    memmove(place, path + b"\0", len(path) + 1)
    return of.OK


def _current_time(_: int, place: int) -> int:
    c_int64.from_address(place).value = MOMENT
    return of.OK


@cache
def _methods() -> of.FileMethods:
    return of.FileMethods(2, **of.table(of.OF_A_FILE, _of_a_file))


@cache
def _register() -> of.FileSystem:
    """Once for the process, and for good: SQLite may call it as long as a connection is there."""
    acts: dict[str, Any] = {
        "open": _open,
        "delete": _of_a_name("delete"),
        "access": _of_a_name("access"),
        "full_pathname": _full_pathname,
        "randomness": lambda *_: 0,
        "sleep": lambda _, microseconds: microseconds,
        "current_time_int64": _current_time,
    }
    functions = of.table(of.OF_A_SYSTEM, acts.get)
    system = of.FileSystem(2, sizeof(of.OpenFile), LONGEST, None, NAME.encode(), None, **functions)
    if of.library().sqlite3_vfs_register(byref(system), 0) != of.OK:
        raise OSError("SQLite takes no other file system")
    return system
