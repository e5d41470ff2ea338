"""A store's entries in Kafka, exactly once for whoever reads what was committed.

One ``transactional_id`` a topic and no other writer; a transaction is one contiguous run of
entries; who takes over first ends what the one before left, and only then asks where the topic
ends. After any error nothing here is of use any more: the process ends, and a new one begins.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner import murmur2

from adapters.kafka.access import KafkaAccess
from adapters.kafka.last_words import said
from adapters.kafka.limits import limited
from adapters.kafka.producing import largest_size, transactional_producer
from adapters.kafka.reading import TopicEnd
from adapters.kafka.topics import Found, Topics
from engine.ports.log import Entry
from engine.stream.cloud_events import CloudEvent
from engine.stream.errors import EntryTooLarge, StreamLost, TakenOver
from engine.stream.log_sink import Told, Topic
from engine.stream.topics import PARTITIONS, refusals_of

LIMIT = 25.0
"""Seconds for each call that waits for the broker."""
FENCED = ("ProducerFencedError", "InvalidProducerEpochError")
"""By name: the library wraps them in others."""


class KafkaSink:
    """Implements ``LogSink``. ``source`` names the store; ``noticed`` is told of records that are
    none of its."""

    def __init__(
        self,
        access: KafkaAccess,
        topic: str,
        source: str,
        noticed: Callable[[str], object],
    ) -> None:
        self._access = access
        self._topics = Topics(access, topic)
        self._end = TopicEnd(access, self._topics.both, source, noticed)
        self._noticed = noticed
        self._largest = 0
        self._partitions: dict[bytes, int] = {}
        self._offsets: dict[TopicPartition, int | None] = {}
        self._producer: Any = None

    def find(self) -> Topic | None:
        with self._told():
            return self._found(self._topics.find())

    def make(self) -> Topic:
        with self._told():
            made = self._found(self._topics.make())
        assert made is not None
        return made

    def last(self) -> Told | None:
        with self._told():
            return self._end.last()

    def take_over(self) -> None:
        """Also ends what the predecessor's transaction was about, before it comes back."""
        name = f"sendledger-relay-{self._topics.name}"
        with self._told(), limited("taking over the topic", LIMIT):
            self._producer = transactional_producer(self._access, name, self._largest)
            self._producer.init_transactions()
        with self._told():
            self._offsets = {**self._end.offsets()}

    def publish(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        self._require_small(run)
        with self._told():
            with limited("publishing", LIMIT):
                self._producer.begin_transaction()
                sent = [self._send(entry, record) for entry, record in run]
                self._producer.flush()
            for each in sent:
                if each.failed():
                    raise each.exception
            with limited("committing", LIMIT):
                self._producer.commit_transaction()
        self._watch(sent)

    def close(self) -> None:
        """Ends the library's threads, and an open transaction without its being told."""
        if self._producer is not None:
            with suppress(KafkaError), limited("closing", LIMIT):
                self._producer.close(timeout=0)

    def _send(self, entry: Entry, record: CloudEvent) -> Any:
        name = self._topics.name
        return self._producer.send(
            name if entry.row is not None else refusals_of(name),
            value=record.value,
            key=record.key,
            headers=record.headers,
            partition=self._partition(record.key),
            timestamp_ms=int(entry.envelope.recorded_at.timestamp() * 1000),
        )

    def _partition(self, key: bytes) -> int:
        """As every Kafka client divides keys; looked up, because it is slow in Python."""
        found = self._partitions.get(key)
        if found is None:
            found = self._partitions[key] = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        return found

    def _require_small(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        """Before anything is sent: a broker's refusal would poison the producer."""
        for entry, record in run:
            size = largest_size(record)
            if size > self._largest:
                raise EntryTooLarge(
                    entry=entry.number,
                    workspace=entry.envelope.workspace,
                    size=size,
                    topic=self._topics.name,
                    most=self._largest,
                )

    def _watch(self, sent: Sequence[Any]) -> None:
        """Ours stand one after the other, with a marker after each run: a gap is somebody else."""
        offsets: dict[TopicPartition, list[int]] = {}
        for each in sent:
            offsets.setdefault(each.value.topic_partition, []).append(each.value.offset)
        for partition, found in offsets.items():
            expected = self._offsets.get(partition)
            if expected is not None and found[0] > expected:
                where = f"{partition.topic}, partition {partition.partition}, offset {expected}"
                self._noticed(f"Somebody else wrote to the topic: {where}")
            self._offsets[partition] = found[-1] + 2 if found[0] >= 0 else None

    def _found(self, found: Found | None) -> Topic | None:
        if found is None:
            return None
        self._largest = found.largest
        return found.topic

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The library's errors as ours: which of them are fatal matters to nobody, for all are."""
        try:
            yield
        except (KafkaError, OSError, ValueError) as error:
            if any(name in repr(error) for name in FENCED):
                raise TakenOver(topic=self._topics.name, said=said(error)) from error
            raise StreamLost(broker=self._access.brokers, said=said(error)) from error
