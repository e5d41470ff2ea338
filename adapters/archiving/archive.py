"""What members of a group hold of a topic: rows in memory, until they become a file.

A process that dies loses what it held; the member that gets its partitions reads it from the topic
again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from kafka.errors import KafkaError

from adapters.archiving.binding import Binding, bind, made_anew, open_archive, require_the_same
from adapters.archiving.chain import Link, append, end_of
from adapters.archiving.columns import Run, runs
from adapters.kafka.consumer.consumer import Consumer
from adapters.kafka.consumer.effect import Together
from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox, Overtaken, Partition, Place

HELD_AT_MOST = 256 * 1024 * 1024
"""Octets held of all partitions together."""


@dataclass
class Held:
    """Rows of a partition read since its last file, all of one day."""

    first_offset: int
    at: Place
    day: date | None = None
    source: str = ""
    rows: list[pa.RecordBatch] = field(default_factory=list)
    octets: int = 0
    passed_over: list[tuple[int, str]] = field(default_factory=list)

    def takes(self, run: Run) -> bool:
        return self.day is None or (self.day, self.source) == (run.day, run.source)

    def take(self, run: Run) -> None:
        self.day, self.source = run.day, run.source
        self.rows.append(run.rows)
        self.octets += run.rows.nbytes
        self.at = Place(run.next_offset, run.entry)


@dataclass
class Taken:
    """What one transaction takes; nothing of it counts before the transaction ends."""

    partition: Partition = ("", -1)
    to: Place | None = None
    runs: list[Run] = field(default_factory=list)
    passed_over: list[tuple[int, str]] = field(default_factory=list)


class Archive(Inbox):
    """``topic_ids`` asks Kafka for the ids of the topics, by name. Held rows become files when the
    clock reaches a multiple of ``every`` seconds, or when they take more octets than ``at_most``.
    ``alert`` is told of partitions where another process was first."""

    LOST = (OSError, KafkaError)

    def __init__(
        self,
        root: Path,
        group: str | None,
        topic_ids: Callable[[], Mapping[str, str]],
        *,
        every: float,
        alert: Callable[[str], object],
        at_most: int = HELD_AT_MOST,
    ) -> None:
        own = open_archive(root)
        super().__init__(group or f"sendledger-archive-{own}")
        self._root = root
        self._ask = topic_ids
        self._ids: Mapping[str, str] | None = None
        self._every = every
        self._alert = alert
        self._at_most = at_most
        self._held: dict[Partition, Held] = {}
        self._period = self._period_now()
        require_the_same(root, topic_ids())

    @contextmanager
    def transaction(self) -> Iterator[Taken]:
        taken = Taken()
        yield taken
        if taken.to is not None:
            self._keep(taken, taken.to)

    def place(self, partition: Partition) -> Place | None:
        if partition not in self._held:
            end = end_of(self._root, partition)
            if end is None:
                return None
            self._held[partition] = Held(end.next_offset, end)
        return self._held[partition].at

    def begin(self, partition: Partition, at: Place) -> None:
        """Begin a partition. Its first file is named for offset 0, whatever its first offset is."""
        self._held[partition] = Held(0, at)

    def move(self, c: Taken, partition: Partition, before: int, to: Place) -> None:
        held = self._held.get(partition)
        if held is None or held.at.next_offset != before:
            raise Overtaken
        c.partition, c.to = partition, to

    def bury(self, c: Taken, record: Any, error: Exception, *, passed: bool) -> None:
        if passed:
            c.passed_over.append((record.offset, f"{type(error).__name__}: {error}"[:500]))

    def revive(self, c: Taken, partition: Partition, first: int, end: int) -> None:
        """Do nothing: the record stays in the topic."""

    def is_buried(self, partition: Partition, at: Place) -> bool:  # noqa: ARG002 none is
        return False

    def close(self) -> None:
        self._held.clear()

    def look(self) -> None:
        """Forget the topics' ids before a poll, which may bring records of a re-created topic."""
        self._ids = None

    def give_up(self, kept: set[Partition]) -> None:
        """Drop what is held of all other partitions: other members read them now."""
        for each in self._held.keys() - kept:
            del self._held[each]

    def write_due(self) -> None:
        """Write everything held if it is time, else the largest parts while too much is held."""
        if self._period != self._period_now():
            self.write()
        while sum(each.octets for each in self._held.values()) > self._at_most:
            self._try(max(self._held, key=lambda each: self._held[each].octets))

    def write(self) -> None:
        """Write everything held into files. Raises ``Refused``, ``KafkaError`` and ``OSError``."""
        self._period = self._period_now()
        for each in list(self._held):
            self._try(each)

    def _period_now(self) -> int:
        return int(time.time() // self._every)

    def _try(self, partition: Partition) -> None:
        """Write a partition's file; if another process was first, the partition is dropped."""
        with suppress(Overtaken):
            self._write(partition)

    def _keep(self, taken: Taken, to: Place) -> None:
        for run in taken.runs:
            if not self._held[taken.partition].takes(run):
                self._write(taken.partition)
            self._held[taken.partition].take(run)
        held = self._held[taken.partition]
        held.at = to
        held.passed_over += taken.passed_over

    def _write(self, partition: Partition) -> None:
        """Write what is held of a partition into a file. Raises ``Overtaken``."""
        held = self._held[partition]
        if held.day is None:
            return
        del self._held[partition]
        (topic, number), topic_id = partition, self._topic_id(partition[0])
        bind(self._root, Binding(topic, topic_id, held.source))
        link = Link(topic, topic_id, number, held.first_offset, *held.at, held.passed_over)
        try:
            append(self._root, held.day, link, held.rows)
        except FileExistsError as error:
            where = f"{topic}, partition {number}, from offset {held.first_offset}"
            self._alert(f"Another process has archived {where}; it is read again from its end.")
            raise Overtaken from error
        self._held[partition] = Held(held.at.next_offset, held.at)

    def _topic_id(self, topic: str) -> str:
        """The topic's id, asked after the rows were read: an id is never used again."""
        if self._ids is None:
            self._ids = self._ask()
        if not self._ids[topic]:
            raise made_anew(self._root, topic)
        return self._ids[topic]


def _take(events: Sequence[Event], _inbox: Inbox, c: Taken) -> None:
    c.runs = list(runs(events))


class Archiver(Consumer):
    """A member of the group, which archives what it reads. Also raises ``OSError``."""

    def __init__(self, kafka: Mapping[str, Any], archive: Archive, **more: Any) -> None:
        self.archive = archive
        super().__init__(kafka, into=archive, group=archive.group, effect=Together(_take), **more)

    def run(self) -> None:
        """Read until ``stop``; then what is held is written, too."""
        super().run()
        self.archive.look()
        self.archive.write()

    def turn(self) -> int:
        self.archive.look()
        done = super().turn()
        self.archive.give_up({*self.partitions})
        self.archive.write_due()
        return done
