"""A drive in memory: what programs see of it, and what of that would outlive a power cut.

Only what was synchronized is sure to. Of what was written since, a power cut leaves any part: whole
sectors or not, in any order, some torn in the middle.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

TORN, GARBAGE = 0.15, 0.5
"""Shares: of sectors that are torn where one was under way, and of these, that end in garbage."""


class Change(NamedTuple):
    """Octets that were written at a place, or None: the file was cut there."""

    place: int
    octets: bytes | None

    def apply(self, content: bytearray) -> None:
        if self.octets is None:
            del content[self.place :]
        if self.place > len(content):
            content.extend(bytes(self.place - len(content)))
        if self.octets is not None:
            content[self.place : self.place + len(self.octets)] = self.octets

    def left(self, random: Random, share: float, sector: int) -> "Iterator[Change]":
        """What of it reached the disk, without a synchronization."""
        for each in self._sectors(sector):
            if each.octets and random.random() < TORN:
                torn = random.randrange(len(each.octets) + 1)
                garbage = random.randbytes(len(each.octets) - torn)
                rest = garbage if random.random() < GARBAGE else b""
                yield Change(each.place, each.octets[:torn] + rest)
            elif random.random() < share:
                yield each

    def _sectors(self, sector: int) -> "Iterator[Change]":
        if self.octets is None:
            yield self
            return
        begin = 0
        while begin < len(self.octets):
            end = begin + sector - (self.place + begin) % sector
            yield Change(self.place + begin, self.octets[begin:end])
            begin = end


class File:
    """``seen`` by every program; ``durable`` is what is sure to be left when the power fails."""

    def __init__(self) -> None:
        self.seen, self.durable = bytearray(), bytearray()
        self._pending: list[Change] = []
        """Since the last synchronization."""

    def change(self, place: int, octets: bytes | None) -> None:
        change = Change(place, octets)
        change.apply(self.seen)
        self._pending.append(change)

    def synchronize(self) -> None:
        for each in self._pending:
            each.apply(self.durable)
        self._pending.clear()

    def fail_to_synchronize(self, random: Random, sector: int) -> None:
        """As Linux does: some of it may be on the disk, and the next attempt does not try again."""
        share = random.choice((0.0, 0.5, 1.0))
        for each in self._pending:
            for kept in each.left(random, share, sector):
                kept.apply(self.durable)
        self._pending.clear()

    def lose_power(self, random: Random, sector: int) -> None:
        self.fail_to_synchronize(random, sector)
        self.seen = bytearray(self.durable)


class Drive:
    """One folder of files. ``sector`` in octets."""

    def __init__(self, random: Random, sector: int) -> None:
        self.random, self.sector = random, sector
        self.files: dict[str, File] = {}
        self.synchronizes = True
        """False for a drive that says so and does not."""
        self._durable: dict[str, File] = {}
        self._pending: list[tuple[str, File | None]] = []
        """Names that were made or, None, removed since the folder was last synchronized."""

    def make(self, name: str) -> File:
        made = self.files[name] = File()
        self._pending.append((name, made))
        return made

    def remove(self, name: str) -> None:
        del self.files[name]
        self._pending.append((name, None))

    def synchronize(self, file: File) -> None:
        if self.synchronizes:
            file.synchronize()

    def synchronize_folder(self) -> None:
        if self.synchronizes:
            self._durable = dict(self.files)
            self._pending.clear()

    def lose_power(self) -> None:
        share = self.random.choice((0.0, 0.5, 1.0))
        for name, file in self._pending:
            if self.random.random() >= share:
                continue
            self._durable.pop(name, None)
            if file is not None:
                self._durable[name] = file
        self._pending.clear()
        self.files = dict(self._durable)
        for name in sorted(self.files):
            self.files[name].lose_power(self.random, self.sector)

    def copied(self) -> dict[str, bytes]:
        return {name: bytes(file.seen) for name, file in self.files.items()}

    def replace(self, files: dict[str, bytes]) -> None:
        """Other files take the place of all, durably."""
        self.files = {}
        for name, octets in files.items():
            file = self.make(name)
            file.change(0, octets)
            file.synchronize()
        self._durable = dict(self.files)
        self._pending.clear()
