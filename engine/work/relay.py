"""Publish the log: every entry once, in order, and nothing that is not on the disk."""

from collections.abc import Sequence
from time import monotonic
from typing import Protocol

from engine.fence import Standing, standing
from engine.ports.log import Entry, Generation, Log, StoreIdentity
from engine.stream.cloud_events import CloudEvent, Teller
from engine.stream.errors import HistoriesDiffer, OtherTopic, StoreBehind, TopicBehind
from engine.stream.log_sink import LogSink, Relayed, RelayMark, Told, Topic

RUN = 5_000
"""Entries that are published together; more only if one command has more events."""
LARGEST = 200_000
"""The most entries in one transaction, however many a command has: about 8 s at 25,000/s (bench),
and the broker ends a transaction after 30 s."""
MARK_EVERY = 1.0
"""Seconds between two notes in the store of how far it has been published; ``health`` reads
them."""


def whole_commands(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries without a last command that is incomplete."""
    for count in range(len(entries), 0, -1):
        _, envelope, row = entries[count - 1]
        if row is None or row[0] == envelope.last_position:
            return entries[:count]
    return ()


class ToldLog(Log, Protocol):
    """A log that knows its generations."""

    def generations(self) -> Sequence[Generation]: ...


class Relay:
    """Publishes one store to one topic. ``run`` is the number of entries that are published
    together.

    Commands are published whole: no store can be recovered from half a command. After any error,
    make a new relay: it begins where the topic ends.
    """

    def __init__(self, log: ToldLog, sink: LogSink, mark: RelayMark, *, run: int = RUN) -> None:
        self._log = log
        self._sink = sink
        self._mark = mark
        self._run = run
        self._tellers: dict[int, Teller] = {}
        self._relayed: Relayed
        self._marked_at = float("-inf")

    @property
    def entry(self) -> int:
        """The last entry that was published; -1 for none."""
        return self._relayed.entry

    def begin(self) -> None:
        """Take the topic over, and find where it ends. Raises ``StreamError``, ``StoreError``."""
        kept = self._mark.read()
        topic = self._topic(kept)
        self._sink.last()  # raises, if another store's, before its relay is disturbed
        self._sink.take_over()
        told = self._sink.last()
        self._compare(topic, told, kept)
        self._relayed = Relayed(topic, told.entry if told else -1)
        self._write_mark()

    def turn(self) -> int:
        """Publish the next entries; return their number. Raises ``StreamError``, ``StoreError``."""
        entries = self._next()
        if not entries:
            self._keep_mark()
            return 0
        self._log.reach_disk()
        self._sink.publish(self._records(entries))
        self._relayed = self._relayed._replace(entry=entries[-1].number)
        self._keep_mark()
        return len(entries)

    def _next(self) -> Sequence[Entry]:
        entries = self._log.entries(self.entry, self._run)
        whole = whole_commands(entries)
        if whole or not entries:
            return whole
        larger = self._log.entries(self.entry, min(entries[0].envelope.event_count, LARGEST))
        return whole_commands(larger) or larger

    def _topic(self, kept: Relayed | None) -> Topic:
        """The topic to which the store is published; a new one if it never was."""
        found = self._sink.find()
        if kept is None:
            made = found or self._sink.make()
            self._mark.write(Relayed(made, -1))
            return made
        if found != kept.topic:
            instead = f"{found.name} (id {found.topic_id}) is there" if found else "it is gone"
            raise OtherTopic(
                topic=kept.topic.name,
                topic_id=kept.topic.topic_id,
                entry=kept.entry,
                found=instead,
            )
        return found

    def _compare(self, topic: Topic, told: Told | None, kept: Relayed | None) -> None:
        found, last = told.entry if told else -1, self._log.last_entry()
        if kept is not None and found < kept.entry:
            raise TopicBehind(topic=topic.name, found=found, entry=kept.entry)
        match standing(found, last, lambda: told is None or self._is_ours(told)):
            case Standing.BEHIND:
                raise StoreBehind(topic=topic.name, found=found, entry=last)
            case Standing.OTHER:
                raise HistoriesDiffer(entry=found, topic=topic.name)
            case Standing.LEVEL:
                pass

    def _is_ours(self, told: Told) -> bool:
        """Whether the topic's last record is our entry. We may have added headers since; those that
        both have must be equal."""
        ((_, own),) = self._records(self._log.entries(told.entry - 1, 1))
        ours, theirs = dict(own.headers), dict(told.record.headers)
        return (own.key, own.value) == (told.record.key, told.record.value) and all(
            theirs[name] == ours[name] for name in theirs.keys() & ours.keys()
        )

    def _records(self, entries: Sequence[Entry]) -> list[tuple[Entry, CloudEvent]]:
        """The entries' records. An entry is published under the generation in which it was
        recorded, whenever it is published."""
        starts = [(each.first_entry, each.number) for each in self._log.generations()]
        if len(starts) == 1:
            record = self._teller(starts[0][1]).record
            return [(each, record(each)) for each in entries]
        return [
            (each, self._teller(max(n for first, n in starts if first <= each.number)).record(each))
            for each in entries
        ]

    def _teller(self, generation: int) -> Teller:
        if generation not in self._tellers:
            identity = StoreIdentity(self._log.identity.store_id, generation)
            self._tellers[generation] = Teller(identity)
        return self._tellers[generation]

    def _keep_mark(self) -> None:
        """Note how far the store was published, but not for every run: the topic itself says where
        it ends."""
        if self._unmarked and monotonic() - self._marked_at >= MARK_EVERY:
            self._write_mark()

    def close(self) -> None:
        """Note how far the store was published."""
        if self._unmarked:
            self._write_mark()

    @property
    def _unmarked(self) -> bool:
        return self._relayed.entry != self._marked

    def _write_mark(self) -> None:
        self._mark.write(self._relayed)
        self._marked = self._relayed.entry
        self._marked_at = monotonic()
