"""Both topics of a store as one stream, in order of entry: a copy of the log."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from adapters.kafka.access import KafkaAccess
from adapters.kafka.consumer.parked import pick_up_parked
from engine.stream.cloud_events import CloudEvent
from engine.stream.errors import StreamLost
from engine.stream.topics import refusals_of

AHEAD = 2_000
"""Records of a partition that wait for those of others, about; no more are requested then."""
SILENT_POLLS = 300
"""Polls of 100 ms without a record after which the broker counts as lost."""

Waiting = deque[tuple[int, Any]]
"""Records of one partition, each with its entry."""


class KafkaSource:
    """Implements ``StreamSource``. All its methods raise ``StreamLost``."""

    def __init__(self, access: KafkaAccess, topic: str) -> None:
        self.name = f"{topic} at {access.brokers}"
        self._access = access
        self._topics = (topic, refusals_of(topic))

    def records(self) -> Iterator[CloudEvent]:
        """The records. Each partition is in order, so the smallest first entry comes next."""
        try:
            with self._reader() as reader:
                yield from self._merged(reader)
        except (KafkaError, OSError) as error:
            raise StreamLost(broker=self._access.brokers, said=repr(error)[:500]) from error

    def _merged(self, reader: Any) -> Iterator[CloudEvent]:
        ends = self._ends(reader)
        reader.assign([*ends])
        reader.seek_to_beginning()
        waiting: dict[TopicPartition, Waiting] = {each: deque() for each in ends}
        while waiting:
            _fill(reader, waiting, ends)
            for each in [each for each, records in waiting.items() if not records]:
                del waiting[each]  # the partition is at its end
            while waiting and all(waiting.values()):
                first = min(waiting.values(), key=lambda records: records[0][0])
                yield _told(first.popleft()[1])

    def _ends(self, reader: Any) -> Mapping[TopicPartition, int]:
        """Where each partition ends now, for a reader of committed records."""
        partitions = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in sorted(reader.partitions_for_topic(topic) or ())
        ]
        begins, ends = reader.beginning_offsets(partitions), reader.end_offsets(partitions)
        return {each: end for each, end in ends.items() if end > begins[each]}

    def _reader(self) -> Any:
        reader = KafkaConsumer(
            **self._access.client(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=50,
        )
        return pick_up_parked(reader)


def _fill(
    reader: Any,
    waiting: Mapping[TopicPartition, Waiting],
    ends: Mapping[TopicPartition, int],
) -> None:
    """Poll until every partition that is not at its end has a waiting record."""
    silent = 0
    while any(
        not records and reader.position(each) < ends[each] for each, records in waiting.items()
    ):
        for each in ends:
            full = each not in waiting or len(waiting[each]) >= AHEAD
            (reader.pause if full else reader.resume)(each)
        polled = reader.poll(timeout_ms=100, max_records=AHEAD)
        for each, records in polled.items():
            waiting[each].extend((_entry(it), it) for it in records if it.offset < ends[each])
        silent = 0 if polled else silent + 1
        if silent > SILENT_POLLS:
            raise KafkaTimeoutError("no record for half a minute")


def _entry(record: Any) -> int:
    """The record's entry. One without an entry comes first, so that the reader can refuse it."""
    told = dict(record.headers).get("ce_entry") or b""
    return int(told) if told.isdigit() else -1


def _told(record: Any) -> CloudEvent:
    """The record without nulls, which Kafka permits as key, value and header; we write none."""
    headers = [(name, text or b"") for name, text in record.headers]
    return CloudEvent(record.key or b"", headers, record.value or b"")
