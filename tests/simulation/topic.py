"""Where a store is told in a simulation: a topic, a tree's tiles, and the owners' letters."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from engine.ports.log import Entry
from engine.proof.errors import TileMissing
from engine.proof.notes import Checkpoint
from engine.proof.tiles import Tile
from engine.stream.cloud_events import CloudEvent
from engine.stream.errors import TakenOver
from engine.stream.log_sink import Relayed, Told, Topic
from projections.notices import NoticeRow
from tests.simulation.disk import Disk
from tests.simulation.machine import Process


class TopicInMemory:
    """A topic in the order in which it was written, whatever its partitions.

    ``ends``: how many records there were after each transaction."""

    def __init__(self) -> None:
        self.records: list[tuple[Entry, CloudEvent]] = []
        self.ends: list[int] = []
        self.on_news: list[Callable[[], object]] = []
        """Called when it was written to, or made anew."""
        self.writer = 0
        self.number = 0

    def begin_anew(self) -> None:
        self.records, self.ends, self.number = [], [], self.number + 1
        self.writer += 1
        self.tell()

    def tell(self) -> None:
        for each in self.on_news:
            each()

    def mark(self, disk: Disk) -> "Mark":
        return Mark(disk)


class Mark:
    """``RelayMark``."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def read(self) -> Relayed | None:
        return self._disk.relayed

    def write(self, relayed: Relayed) -> None:
        self._disk.relayed = relayed

    def forget(self) -> None:
        self._disk.relayed = None


class TopicSink:
    """``LogSink`` of one process."""

    def __init__(self, topic: TopicInMemory, process: Process) -> None:
        self._topic, self._process = topic, process
        self._writer = -1

    def find(self) -> Topic | None:
        return self.make()

    def make(self) -> Topic:
        return Topic("sim", str(self._topic.number))

    def last(self) -> Told | None:
        if not self._topic.records:
            return None
        entry, record = self._topic.records[-1]
        return Told(entry.number, record)

    def take_over(self) -> None:
        self._topic.writer += 1
        self._writer = self._topic.writer

    @property
    def is_fenced(self) -> bool:
        """Somebody else writes, or the topic was made anew."""
        return self._writer != self._topic.writer

    def publish(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        self._process.give_way()
        if self.is_fenced:
            raise TakenOver(topic="sim", said="another relay")
        self._topic.records.extend(run)
        self._topic.ends.append(len(self._topic.records))
        self._topic.tell()
        self._process.give_way()


class TilesInMemory:
    """Of each tree by its name."""

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = defaultdict(Folder)
        self.checkpoints: list[tuple[str, Checkpoint]] = []
        self.signed = -1

    def of(self, name: str) -> "Folder":
        return self._folders[name]


class Folder:
    """``Tiles``."""

    def __init__(self) -> None:
        self._note: str | None = None
        self._tiles: dict[Tile, Sequence[bytes]] = {}

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield

    def checkpoint(self) -> str | None:
        return self._note

    def read(self, tile: Tile) -> Sequence[bytes]:
        wider = (each for each in self._tiles if each[:2] == tile[:2] and each.width >= tile.width)
        found = next(wider, None)
        if found is None:
            raise TileMissing(tile=tile.path)
        return self._tiles[found][: tile.width]

    def write(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        self._tiles[tile] = tuple(hashes)

    def publish(self, note: str) -> None:
        self._note = note


class Outbox:
    """What owners got: the same notice counts once."""

    def __init__(self) -> None:
        self.got: Counter[tuple[str, ...]] = Counter()
        self.refuses = 0
        """Deliveries that fail next."""

    def of(self, process: Process) -> "Letters":
        return Letters(self, process)


class Letters:
    """``OwnerChannel``."""

    name = "outbox"

    def __init__(self, outbox: Outbox, process: Process) -> None:
        self._outbox, self._process = outbox, process

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:  # noqa: ARG002
        self._process.give_way()
        if self._outbox.refuses:
            self._outbox.refuses -= 1
            raise OSError("the relay does not answer")
        about = notice.workspace, notice.account_id, notice.incident_id, str(notice.number)
        self._outbox.got[about] += 1
        self._process.give_way()
        return "there"
