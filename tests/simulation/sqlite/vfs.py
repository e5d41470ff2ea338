"""``file:DRIVE/PROGRAM/FILE?vfs=simulated``: SQLite's files on drives in memory."""

from collections.abc import Callable
from ctypes import (
    addressof,
    byref,
    c_double,
    c_int,
    c_int64,
    c_void_p,
    memmove,
    memset,
    sizeof,
    string_at,
)
from functools import cache, wraps
from itertools import count

from tests.simulation.sqlite import library as of
from tests.simulation.sqlite.system import RESERVED, Handle, System

NAME = "simulated"
MOMENT = 2_461_046 * of.DAY
"""Milliseconds since the Julian epoch, in January 2026: no statement of ours asks for the time."""
LONGEST = 256
_systems: dict[str, System] = {}
_handles: dict[int, Handle] = {}
"""By the address at which SQLite keeps an open file, until it closes it."""
_numbers = count(1)


def mounted(system: System) -> str:
    """The name of its drive until it is unmounted."""
    _register()
    name = str(next(_numbers))
    _systems[name] = system
    return name


def unmount(drive: str) -> None:
    """What is still open there, leads nowhere."""
    _systems.pop(drive).end_all()


def address(drive: str, program: str, file: str) -> str:
    """The URI under which SQLite opens a file."""
    return f"file:{drive}/{program}/{file}?vfs={NAME}"


# Of an open file.


def _living(act: Callable[..., int]) -> Callable[..., int]:
    """What a program that has ended asks for fails and changes nothing."""

    @wraps(act)
    def called(file: int, *told: int) -> int:
        handle = _handles[file]
        return of.IOERR if handle.ended else act(handle, *told)

    return called


def _close(file: int) -> int:
    handle = _handles.pop(file)
    handle.system.close(handle)
    return of.OK


@_living
def _read(handle: Handle, buffer: int, size: int, offset: int) -> int:
    found = bytes(handle.file.seen[offset : offset + size])
    memmove(buffer, found, len(found))
    if len(found) == size:
        return of.OK
    memset(buffer + len(found), 0, size - len(found))
    return of.IOERR_SHORT_READ


@_living
def _write(handle: Handle, buffer: int, size: int, offset: int) -> int:
    file = handle.file
    if offset + size > len(file.seen) and handle.system.is_full():
        return of.FULL
    file.write(offset, string_at(buffer, size))
    return of.OK if handle.system.passes(handle.program) else of.IOERR_WRITE


@_living
def _truncate(handle: Handle, size: int) -> int:
    handle.file.truncate(size)
    return of.OK if handle.system.passes(handle.program) else of.IOERR


@_living
def _sync(handle: Handle, _flags: int) -> int:
    drive = handle.system.drive
    if not handle.system.passes(handle.program):
        if not handle.ended:
            handle.file.fail_to_synchronize(drive.random, drive.sector)
        return of.IOERR_FSYNC
    drive.synchronize(handle.file)
    if handle.names_folder:
        drive.synchronize_folder()
        handle.names_folder = False
    return of.OK


@_living
def _file_size(handle: Handle, size: int) -> int:
    c_int64.from_address(size).value = len(handle.file.seen)
    return of.OK


@_living
def _lock(handle: Handle, level: int) -> int:
    return of.OK if handle.lock(level) else of.BUSY


@_living
def _unlock(handle: Handle, level: int) -> int:
    handle.level = min(handle.level, level)
    return of.OK


@_living
def _check_reserved_lock(handle: Handle, reserved: int) -> int:
    levels = [handle.level, *(each.level for each in handle.others)]
    c_int.from_address(reserved).value = max(levels) >= RESERVED
    return of.OK


@_living
def _shm_map(handle: Handle, number: int, size: int, extend: int, place: int) -> int:
    found = handle.region(number, size, extend=bool(extend))
    c_void_p.from_address(place).value = None if found is None else addressof(found)
    return of.OK


@_living
def _shm_lock(handle: Handle, first: int, locks: int, how: int) -> int:
    mask = ((1 << locks) - 1) << first
    if how & of.SHM_UNLOCK:
        handle.unlock_memory(mask)
        return of.OK
    return of.OK if handle.lock_memory(mask, alone=bool(how & of.SHM_EXCLUSIVE)) else of.BUSY


@_living
def _shm_unmap(handle: Handle, _delete: int) -> int:
    handle.system.unmap(handle)
    return of.OK


# Of the file system.


def _found(name: bytes) -> tuple[System, str, str]:
    drive, program, file = name.decode().split("/")
    return _systems[drive], program, file


def _open(_: int, name: bytes | None, place: int, flags: int, given: int | None) -> int:
    opened = of.OpenFile.from_address(place)
    opened.methods = None
    if name is None:
        return of.CANTOPEN
    system, program, file_name = _found(name)
    files = system.drive.files
    is_new = file_name not in files
    if program in system.ended or (is_new and not flags & of.OPEN_CREATE):
        return of.CANTOPEN
    file = system.drive.make(file_name) if is_new else files[file_name]
    handle = _handles[place] = Handle(system, program, file)
    handle.names_folder = is_new and bool(flags & of.OPEN_JOURNALS)
    system.handles[handle] = None
    opened.methods = addressof(_methods())
    if given:
        c_int.from_address(given).value = flags
    return of.OK


def _delete(_: int, name: bytes, durably: int) -> int:
    system, program, file = _found(name)
    if not system.passes(program):
        return of.IOERR
    if file not in system.drive.files:
        return of.IOERR_DELETE_NOENT
    system.drive.remove(file)
    if durably:
        system.drive.synchronize_folder()
    return of.OK


def _access(_: int, name: bytes, _how: int, there: int) -> int:
    system, program, file = _found(name)
    c_int.from_address(there).value = program not in system.ended and file in system.drive.files
    return of.OK


def _full_pathname(_: int, name: bytes, size: int, place: int) -> int:
    if len(name) >= size:
        return of.CANTOPEN
    memmove(place, name + b"\0", len(name) + 1)
    return of.OK


def _randomness(_: int, size: int, place: int) -> int:
    """Never asked of a file system that is not the process's first one."""
    memset(place, 0, size)
    return size


def _current_time(_: int, place: int) -> int:
    c_double.from_address(place).value = MOMENT / of.DAY
    return of.OK


def _current_time_int64(_: int, place: int) -> int:
    c_int64.from_address(place).value = MOMENT
    return of.OK


@cache
def _methods() -> of.FileMethods:
    acts: dict[str, Callable[..., int]] = {
        "close": _close,
        "read": _read,
        "write": _write,
        "truncate": _truncate,
        "sync": _sync,
        "file_size": _file_size,
        "lock": _lock,
        "unlock": _unlock,
        "check_reserved_lock": _check_reserved_lock,
        "file_control": lambda *_: of.NOTFOUND,
        "sector_size": lambda file: _handles[file].system.drive.sector,
        "device_characteristics": lambda _: of.POWERSAFE_OVERWRITE,
        "shm_map": _shm_map,
        "shm_lock": _shm_lock,
        "shm_barrier": lambda _: of.OK,
        "shm_unmap": _shm_unmap,
    }
    return of.FileMethods(2, **of.functions(of.OF_A_FILE, acts))


@cache
def _register() -> of.FileSystem:
    """Once for the process, and for good: SQLite may call it as long as a connection is there."""
    acts: dict[str, Callable[..., int]] = {
        "open": _open,
        "delete": _delete,
        "access": _access,
        "full_pathname": _full_pathname,
        "randomness": _randomness,
        "sleep": lambda _, microseconds: microseconds,
        "current_time": _current_time,
        "current_time_int64": _current_time_int64,
    }
    system = of.FileSystem(
        2,
        sizeof(of.OpenFile),
        LONGEST,
        name=NAME.encode(),
        **of.functions(of.OF_A_SYSTEM, acts),
    )
    if of.library().sqlite3_vfs_register(byref(system), 0) != of.OK:
        raise OSError("SQLite takes no other file system")
    return system
