"""A store's entries in Kafka, exactly once for readers of committed records.

There is one ``transactional_id`` per topic and no other writer; a transaction is one contiguous run
of entries. A process that takes over first ends what its predecessor left open, and only then asks
where the topic ends. After any error this object cannot be used any more: the process ends, and a
new one starts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError
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
from engine.stream.topics import PARTITIONS

LIMIT = 25.0
"""Seconds for each call that waits for the broker."""
FENCED = ("ProducerFencedError", "InvalidProducerEpochError")
"""Compared by name, since the library wraps these errors in others."""


class KafkaSink:
    """Implements ``LogSink``. ``source`` names the store; ``noticed`` hears of foreign records."""

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
        self._partitions: dict[tuple[str, bytes], TopicPartition] = {}
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
        """Take over as the only writer; returns once the predecessor's transaction is ended."""
        name = f"sendledger-relay-{self._topics.name}"
        with self._told(), limited("taking over the topic", LIMIT):
            self._producer = transactional_producer(self._access, name, self._largest)
            self._producer.init_transactions()
        with self._told():
            self._offsets = {**self._end.offsets()}

    def publish(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        self._require_small(run)
        sent = Sent()
        with self._told():
            with limited("publishing", LIMIT):
                self._producer.begin_transaction()
                for entry, record in run:
                    self._send(entry, record, sent)
                self._producer.flush()
            sent.require_all()
            with limited("committing", LIMIT):
                self._producer.commit_transaction()
        self._watch(sent)

    def close(self) -> None:
        """End the library's threads, and abandon an open transaction without telling the broker."""
        if self._producer is not None:
            with suppress(KafkaError), limited("closing", LIMIT):
                self._producer.close(timeout=0)

    def _send(self, entry: Entry, record: CloudEvent, sent: "Sent") -> None:
        topic = self._topics.both[entry.row is None]
        partition = self._partition(topic, record.key)
        future = self._producer.send(
            topic,
            value=record.value,
            key=record.key,
            headers=record.headers,
            partition=partition.partition,
            timestamp_ms=int(entry.envelope.recorded_at.timestamp() * 1000),
        )
        sent.add(partition, future)

    def _partition(self, topic: str, key: bytes) -> TopicPartition:
        """The partition that any Kafka client would choose; cached, since it is slow in Python."""
        found = self._partitions.get((topic, key))
        if found is None:
            number = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
            found = self._partitions[topic, key] = TopicPartition(topic, number)
        return found

    def _require_small(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        """Check sizes before sending: a broker's refusal would make the producer unusable."""
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

    def _watch(self, sent: "Sent") -> None:
        """Check that ours are contiguous, with a marker after each run. Raises ``StreamLost``."""
        for partition, (first, last) in sent.ends():
            expected = self._offsets.get(partition)
            if expected is not None and first >= 0:
                self._compare(partition, first, expected)
            self._offsets[partition] = last + 2 if first >= 0 else None

    def _compare(self, partition: TopicPartition, found: int, expected: int) -> None:
        """Report what somebody else wrote. Raises ``StreamLost`` if the topic was made anew."""
        where = f"{partition.topic}, partition {partition.partition}, offset {expected}"
        if found < expected:
            said = f"{where}, comes next, but {found} came: the topic was made anew"
            raise StreamLost(broker=self._access.brokers, said=said)
        if found > expected:
            self._noticed(f"Somebody else wrote to the topic: {where}")

    def _found(self, found: Found | None) -> Topic | None:
        if found is None:
            return None
        self._largest = found.largest
        return found.topic

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the library's errors into ours. All are fatal, whatever the library says."""
        try:
            yield
        except (KafkaError, OSError, ValueError) as error:
            if any(name in repr(error) for name in FENCED):
                raise TakenOver(topic=self._topics.name, said=said(error)) from error
            raise StreamLost(broker=self._access.brokers, said=said(error)) from error


class Sent:
    """Records that were sent and not confirmed yet, in order."""

    def __init__(self) -> None:
        self._futures: list[Any] = []
        self._first: dict[TopicPartition, Any] = {}
        self._last: dict[TopicPartition, Any] = {}

    def add(self, partition: TopicPartition, future: Any) -> None:
        self._futures.append(future)
        self._first.setdefault(partition, future)
        self._last[partition] = future

    def require_all(self) -> None:
        """Check each record: the library's flush returns even if some failed. Raises
        ``KafkaError``.
        """
        for each in self._futures:
            if not each.succeeded():
                raise each.exception or KafkaTimeoutError("a record was not acknowledged")

    def ends(self) -> Iterator[tuple[TopicPartition, tuple[int, int]]]:
        """The offsets of the first and the last record in each partition; -1 where unknown."""
        for partition, first in self._first.items():
            yield partition, (first.value.offset, self._last[partition].value.offset)
