"""An operating system with one drive: programs that open its files, lock them, share memory, end.

A program's name is the folder that it sees the drive as: ``worker-0.1/sim.db``. One that has ended
can do nothing any more, even where its memory still holds open files.
"""

from collections.abc import Callable
from ctypes import Array, c_char, create_string_buffer
from typing import NamedTuple

from tests.simulation.sqlite.drive import Drive, File

SHARED, RESERVED, PENDING, EXCLUSIVE = 1, 2, 3, 4
"""Levels of a lock on a file."""


class Strike(NamedTuple):
    """What happens at a change of a file instead of it, or in the midst of it."""

    changes: int
    """That come before it."""
    happens: Callable[[str], object]
    """Called with the name of the program whose change it is."""


class Handle:
    """A file as a program has it open."""

    def __init__(self, system: "System", program: str, file: File) -> None:
        self.system, self.program, self.file = system, program, file
        self.level = 0
        self.shares = self.excludes = 0
        """Locks of shared memory, a bit each."""
        self.regions: list[Array[c_char]] | None = None
        """Kept as long as SQLite may still look there."""
        self.names_folder = False
        """Its name has to be synchronized with it."""

    @property
    def ended(self) -> bool:
        return self.program in self.system.ended

    @property
    def others(self) -> list["Handle"]:
        return [each for each in self.system.handles if each.file is self.file and each is not self]

    def lock(self, level: int) -> bool:
        highest = max((each.level for each in self.others), default=0)
        if level == EXCLUSIVE and highest == SHARED:
            self.level = PENDING
        if highest >= {SHARED: PENDING, RESERVED: RESERVED, EXCLUSIVE: SHARED}[level]:
            return False
        self.level = max(self.level, level)
        return True

    def lock_memory(self, mask: int, *, alone: bool) -> bool:
        for each in self.others:
            if mask & (each.excludes | (each.shares if alone else 0)):
                return False
        if alone:
            self.excludes |= mask
        else:
            self.shares |= mask
        return True

    def unlock_memory(self, mask: int) -> None:
        self.excludes &= ~mask
        self.shares &= ~mask

    def region(self, number: int, size: int, *, extend: bool) -> Array[c_char] | None:
        if self.regions is None:
            self.regions = self.system.shared_memory.setdefault(self.file, [])
        while extend and number >= len(self.regions):
            self.regions.append(create_string_buffer(size))
        return self.regions[number] if number < len(self.regions) else None


class System:
    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.handles: dict[Handle, None] = {}
        self.shared_memory: dict[File, list[Array[c_char]]] = {}
        self.ended: set[str] = set()
        self.observers: set[str] = set()
        """Programs at which nothing strikes."""
        self.strike: Strike | None = None
        self.is_full: Callable[[], bool] = lambda: False

    def passes(self, program: str) -> bool:
        """May this program change a file now? A strike may end it there, or everything."""
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

    def close(self, handle: Handle) -> None:
        self.handles.pop(handle, None)
        self._release_memory()

    def unmap(self, handle: Handle) -> None:
        handle.shares = handle.excludes = 0
        handle.regions = None
        self._release_memory()

    def end(self, program: str) -> None:
        """All that it holds is free; what it wrote stays written."""
        self.ended.add(program)
        self.handles = {each: None for each in self.handles if each.program != program}
        self._release_memory()

    def end_all(self) -> None:
        for program in {each.program for each in self.handles}:
            self.end(program)

    def lose_power(self) -> None:
        self.end_all()
        self.drive.lose_power()

    def _release_memory(self) -> None:
        used = {each.file for each in self.handles if each.regions is not None}
        for file in self.shared_memory.keys() - used:
            del self.shared_memory[file]
