"""A drive in memory: what programs see of it, and what of that would outlive a power cut.

Only what was synchronized is sure to. Of what was written since, a power cut leaves any part: whole
sectors or not, in any order, some torn in the middle.
"""

from random import Random

Write = tuple[int, bytes]
"""Offset and octets."""
TORN, GARBAGE = 0.15, 0.5
"""Shares: of sectors that are torn where one was under way, and of these, that end in garbage."""


class File:
    """``seen`` by every program; ``durable`` is what is left when the power fails now."""

    def __init__(self) -> None:
        self.seen, self.durable = bytearray(), bytearray()
        self._pending: list[Write | int] = []
        """Since the last synchronization: what was written, or to what size the file was cut."""

    def write(self, offset: int, octets: bytes) -> None:
        _put(self.seen, offset, octets)
        self._pending.append((offset, octets))

    def truncate(self, size: int) -> None:
        _cut(self.seen, size)
        self._pending.append(size)

    def synchronize(self) -> None:
        for each in self._pending:
            _apply(self.durable, each)
        self._pending.clear()

    def fail_to_synchronize(self, random: Random, sector: int) -> None:
        """As Linux does: some of it may be on the disk, and the next attempt does not try again."""
        share = random.choice((0.0, 0.5, 1.0))
        for each in self._pending:
            for kept in _left(each, random, share, sector):
                _apply(self.durable, kept)
        self._pending.clear()

    def lose_power(self, random: Random, sector: int) -> None:
        self.fail_to_synchronize(random, sector)
        self.seen = bytearray(self.durable)


class Drive:
    """One folder of files. ``sector`` in octets."""

    def __init__(self, random: Random, sector: int = 512) -> None:
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
            if self.random.random() < share:
                _set(self._durable, name, file)
        self._pending.clear()
        self.files = dict(self._durable)
        for name in sorted(self.files):
            self.files[name].lose_power(self.random, self.sector)

    def copied(self) -> dict[str, bytes]:
        return {name: bytes(file.seen) for name, file in self.files.items()}

    def replace(self, files: dict[str, bytes]) -> None:
        """Other files take the place of all, and are synchronized."""
        self.files, self._pending = {}, []
        for name, octets in files.items():
            self.make(name).write(0, octets)
            self.files[name].synchronize()
        self._durable = dict(self.files)
        self._pending.clear()


def _left(change: Write | int, random: Random, share: float, sector: int) -> list[Write | int]:
    """What of an unsynchronized change reached the disk."""
    if isinstance(change, int):
        return [change] if random.random() < share else []
    kept: list[Write | int] = []
    for offset, octets in _sectors(change, sector):
        if random.random() < TORN:
            kept.append((offset, _torn(octets, random)))
        elif random.random() < share:
            kept.append((offset, octets))
    return kept


def _sectors(write: Write, sector: int) -> list[Write]:
    offset, octets = write
    first = sector - offset % sector
    places = [0, *range(first, len(octets), sector)]
    return [
        (offset + begin, octets[begin:end])
        for begin, end in zip(places, [*places[1:], len(octets)], strict=True)
    ]


def _torn(octets: bytes, random: Random) -> bytes:
    place = random.randrange(len(octets) + 1)
    rest = random.randbytes(len(octets) - place) if random.random() < GARBAGE else b""
    return octets[:place] + rest


def _apply(content: bytearray, change: Write | int) -> None:
    if isinstance(change, int):
        _cut(content, change)
    else:
        _put(content, *change)


def _put(content: bytearray, offset: int, octets: bytes) -> None:
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(octets)] = octets


def _cut(content: bytearray, size: int) -> None:
    """A file that is cut to more than it has ends in zeros."""
    del content[size:]
    content.extend(bytes(size - len(content)))


def _set(folder: dict[str, File], name: str, file: File | None) -> None:
    if file is None:
        folder.pop(name, None)
    else:
        folder[name] = file
