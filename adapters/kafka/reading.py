"""The last entry in a topic, and where the topic ends: read back from its partitions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from adapters.kafka.access import KafkaAccess
from adapters.kafka.consumer.parked import pick_up_parked
from adapters.kafka.limits import limited
from engine.stream.cloud_events import CloudEvent
from engine.stream.errors import OtherStore
from engine.stream.log_sink import Told

FIRST_STEP, GROWTH = 16, 8
"""Offsets looked at from the end, and the growth per step: the last are transaction markers."""
LIMIT = 60.0
"""Seconds for all partitions."""


class TopicEnd(NamedTuple):
    """The end of the topics of one store, whose records name it as ``source``.

    ``noticed`` is told of each partition whose last records come from no store.
    """

    access: KafkaAccess
    topics: Sequence[str]
    source: str
    noticed: Callable[[str], object]

    def last(self) -> Told | None:
        """The greatest entry that a read_committed reader sees, if any. Raises ``OtherStore``."""
        with (
            limited("looking for the topic's end", LIMIT),
            self._reader("read_committed") as reader,
        ):
            partitions = self._partitions(reader)
            reader.assign(partitions)
            begins = reader.beginning_offsets(partitions)
            ends = reader.end_offsets(partitions)
            found = list(self._walk_back(reader, begins, ends))
        return max(found, key=lambda told: told.entry, default=None)

    def offsets(self) -> dict[TopicPartition, int]:
        """The offset of the next record in each partition."""
        with limited("asking for offsets", LIMIT), self._reader("read_uncommitted") as reader:
            return dict(reader.end_offsets(self._partitions(reader)))

    def _walk_back(self, reader: Any, begins: Any, ends: Any) -> Iterator[Told]:
        step = FIRST_STEP
        starts = {each: end for each, end in ends.items() if end > begins[each]}
        while starts:
            until = starts
            starts = {each: max(begins[each], ends[each] - step) for each in until}
            last = self._last_between(reader, starts, until)
            yield from last.values()
            starts = {
                each: at for each, at in starts.items() if each not in last and at > begins[each]
            }
            step *= GROWTH

    def _last_between(self, reader: Any, starts: Any, until: Any) -> dict[TopicPartition, Told]:
        """The last entry in each partition; no offset from ``until`` on is looked at."""
        last: dict[TopicPartition, Told] = {}
        for each in reader.assignment():
            (reader.resume if each in starts else reader.pause)(each)
        for each, offset in starts.items():
            reader.seek(each, offset)
        open_ones = set(starts)
        while open_ones:
            for each, records in reader.poll(timeout_ms=100).items():
                for told in self._ours(record for record in records if record.offset < until[each]):
                    last[each] = told
            done = {each for each in open_ones if reader.position(each) >= until[each]}
            reader.pause(*done)
            open_ones -= done
        return last

    def _ours(self, records: Iterable[Any]) -> Iterator[Told]:
        for record in records:
            headers = dict(record.headers)
            source = headers.get("ce_source", b"").decode(errors="replace")
            entry = headers.get("ce_entry", b"")
            if source.startswith("urn:sendledger:store:") and source != self.source:
                raise OtherStore(topic=record.topic, found=source, own=self.source)
            if source == self.source and entry.isdigit():
                yield Told(int(entry), CloudEvent(record.key, record.headers, record.value))
            else:
                where = f"{record.topic}, partition {record.partition}, offset {record.offset}"
                self.noticed(f"Somebody else wrote to the topic: {where}")

    def _partitions(self, reader: Any) -> list[TopicPartition]:
        return [
            TopicPartition(topic, number)
            for topic in self.topics
            for number in sorted(reader.partitions_for_topic(topic))
        ]

    def _reader(self, isolation: str) -> Any:
        reader = KafkaConsumer(
            **self.access.client(),
            isolation_level=isolation,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        return pick_up_parked(reader)
