"""An operating system with one drive: programs that open its files, lock them, share memory, end.

Methods that answer an int are called by SQLite and answer one of its codes.
"""

from collections.abc import Callable
from ctypes import (
    Array,
    addressof,
    c_char,
    c_int,
    c_int64,
    c_void_p,
    create_string_buffer,
    memmove,
    memset,
    string_at,
)
from typing import NamedTuple

from tests.simulation.sqlite import library as of
from tests.simulation.sqlite.drive import Drive, File

SHARED, RESERVED, PENDING, EXCLUSIVE = 1, 2, 3, 4
"""Levels of a lock on a file."""
HINDERS = {SHARED: PENDING, RESERVED: RESERVED, EXCLUSIVE: SHARED}
"""From which level of another one on."""


class Strike(NamedTuple):
    """What befalls a change of a file."""

    changes: int
    """That come before it."""
    happens: Callable[[str], object]
    """Called with the name of the program whose change it is."""


class System:
    def __init__(self, drive: Drive, is_full: Callable[[], bool]) -> None:
        self.drive, self.is_full = drive, is_full
        self.handles: dict[Handle, None] = {}
        self.shared_memory: dict[File, list[Array[c_char]]] = {}
        self.ended: set[str] = set()
        """Programs that can do nothing any more, even where their memory still holds open files."""
        self.observers: set[str] = set()
        """Programs at which nothing strikes, and that find room on a full disk."""
        self.strike: Strike | None = None

    def passes(self, program: str) -> bool:
        """Does a change succeed? A strike may end the program there, or everything."""
        if program in self.ended:
            return False
        if self.strike is None or program in self.observers:
            return True
        if self.strike.changes > 0:
            self.strike = self.strike._replace(changes=self.strike.changes - 1)
            return True
        happens, self.strike = self.strike.happens, None
        happens(program)
        return False

    def has_no_room(self, program: str) -> bool:
        return program not in self.observers and self.is_full()

    def end(self, *programs: str) -> None:
        """All that they hold is free; what they wrote stays written."""
        self.ended.update(programs)
        self.handles = {each: None for each in self.handles if each.program not in self.ended}
        self.release_memory()

    def end_all(self) -> None:
        self.end(*(each.program for each in self.handles))

    def lose_power(self) -> None:
        self.end_all()
        self.drive.lose_power()

    def release_memory(self) -> None:
        used = {each.file for each in self.handles if each.regions is not None}
        for file in self.shared_memory.keys() - used:
            del self.shared_memory[file]

    def open(self, program: str, name: str, flags: int) -> "Handle | None":
        files = self.drive.files
        is_new = name not in files
        if program in self.ended or (is_new and not flags & of.OPEN_CREATE):
            return None
        made = Handle(self, program, self.drive.make(name) if is_new else files[name])
        made.names_folder = bool(flags & of.OPEN_CREATE and flags & of.OPEN_JOURNALS)
        self.handles[made] = None
        return made

    def delete(self, program: str, name: str, durably: int) -> int:
        if not self.passes(program):
            return of.IOERR
        if name not in self.drive.files:
            return of.IOERR_DELETE_NOENT
        self.drive.remove(name)
        if durably:
            self.drive.synchronize_folder()
        return of.OK

    def access(self, program: str, name: str, _: int, place: int) -> int:
        c_int.from_address(place).value = program not in self.ended and name in self.drive.files
        return of.OK


class Handle:
    """A file as a program has it open."""

    def __init__(self, system: System, program: str, file: File) -> None:
        self.system, self.program, self.file = system, program, file
        self.level = self.shares = self.excludes = 0
        """Its lock on the file; and those on shared memory, a bit each."""
        self.regions: list[Array[c_char]] | None = None
        """Kept as long as SQLite may still look there."""
        self.names_folder = False
        """Its name is to be synchronized with it, whoever made it."""

    @property
    def ended(self) -> bool:
        return self.program in self.system.ended

    @property
    def others(self) -> list["Handle"]:
        return [each for each in self.system.handles if each.file is self.file and each is not self]

    def close(self) -> int:
        self.system.handles.pop(self, None)
        self.system.release_memory()
        return of.OK

    def read(self, buffer: int, size: int, offset: int) -> int:
        found = bytes(self.file.seen[offset : offset + size])
        memmove(buffer, found, len(found))
        memset(buffer + len(found), 0, size - len(found))
        return of.OK if len(found) == size else of.IOERR_SHORT_READ

    def write(self, buffer: int, size: int, offset: int) -> int:
        if offset + size > len(self.file.seen) and self.system.has_no_room(self.program):
            return of.FULL
        self.file.change(offset, string_at(buffer, size))
        return of.OK if self.system.passes(self.program) else of.IOERR_WRITE

    def truncate(self, size: int) -> int:
        self.file.change(size, None)
        return of.OK if self.system.passes(self.program) else of.IOERR

    def sync(self, _: int) -> int:
        drive = self.system.drive
        if not self.system.passes(self.program):
            if not self.ended:
                self.file.fail_to_synchronize(drive.random, drive.sector)
            return of.IOERR_FSYNC
        drive.synchronize(self.file)
        if self.names_folder:
            drive.synchronize_folder()
            self.names_folder = False
        return of.OK

    def file_size(self, place: int) -> int:
        c_int64.from_address(place).value = len(self.file.seen)
        return of.OK

    def lock(self, level: int) -> int:
        highest = max((each.level for each in self.others), default=0)
        if highest >= HINDERS[level]:
            if level == EXCLUSIVE and highest == SHARED:
                self.level = PENDING
            return of.BUSY
        self.level = max(self.level, level)
        return of.OK

    def unlock(self, level: int) -> int:
        self.level = min(self.level, level)
        return of.OK

    def check_reserved_lock(self, place: int) -> int:
        levels = [each.level for each in (self, *self.others)]
        c_int.from_address(place).value = max(levels) >= RESERVED
        return of.OK

    def file_control(self, *_: int) -> int:
        return of.NOTFOUND

    def sector_size(self) -> int:
        return self.system.drive.sector

    def device_characteristics(self) -> int:
        return of.POWERSAFE_OVERWRITE

    def shm_map(self, number: int, size: int, extend: int, place: int) -> int:
        if self.regions is None:
            self.regions = self.system.shared_memory.setdefault(self.file, [])
        while extend and number >= len(self.regions):
            self.regions.append(create_string_buffer(size))
        found = addressof(self.regions[number]) if number < len(self.regions) else None
        c_void_p.from_address(place).value = found
        return of.OK

    def shm_lock(self, first: int, count: int, how: int) -> int:
        mask, alone = ((1 << count) - 1) << first, how & of.SHM_EXCLUSIVE
        if how & of.SHM_UNLOCK:
            self.excludes &= ~mask
            self.shares &= ~mask
        elif any(mask & (each.excludes | (each.shares if alone else 0)) for each in self.others):
            return of.BUSY
        elif alone:
            self.excludes |= mask
        else:
            self.shares |= mask
        return of.OK

    def shm_barrier(self) -> int:
        return of.OK

    def shm_unmap(self, _: int) -> int:
        self.shares = self.excludes = 0
        self.regions = None
        self.system.release_memory()
        return of.OK
