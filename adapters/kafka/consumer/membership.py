"""How a consumer is a member of its group: settings, topics, partitions that arrive."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from adapters.kafka.consumer.joining import keep_assignment
from adapters.kafka.consumer.parked import pick_up_parked
from adapters.kafka.consumer.topics import chosen, pattern_of

GROUP: Mapping[str, Any] = {
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [CooperativeStickyAssignor],
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_500,
    "fetch_max_wait_ms": 100,
    "reconnect_backoff_max_ms": 1_000,
    "allow_auto_create_topics": False,
    "metadata_max_age_ms": 30_000,
}


def client_of(kafka: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """kafka-python's settings of a client, of which ``HOST:PORT,…`` may be all."""
    return {"bootstrap_servers": kafka.split(",")} if isinstance(kafka, str) else kafka


class Arrivals(ConsumerRebalanceListener):  # type: ignore[misc] # the library has no types
    """Partitions that were assigned anew. The library calls it in a thread of its own, in which
    no connection of ours is to be used."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._new: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        with self._lock:
            self._new.update(assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """They are compared after each poll."""

    def taken(self) -> set[TopicPartition]:
        with self._lock:
            found, self._new = self._new, set()
        return found


def joined(
    kafka: str | Mapping[str, Any],
    member: Mapping[str, Any],
    topics: Sequence[str],
    arrivals: Arrivals,
) -> Any:
    """A ``KafkaConsumer`` that joins the group at its first poll."""
    reader = keep_assignment(
        pick_up_parked(KafkaConsumer(**{**client_of(kafka), **GROUP, **member}))
    )
    _know(reader, topics)
    pattern = pattern_of(topics)
    wanted = {"pattern": pattern} if pattern else {"topics": list(topics)}
    reader.subscribe(**wanted, listener=arrivals)
    return reader


def _know(reader: Any, topics: Sequence[str]) -> None:
    """Before the member joins: one that does not know the topic's partitions yet may be the one
    who divides them, and divides none. A topic that is not there is looked for again."""
    there = reader.topics() if pattern_of(topics) else ()
    for each in chosen(topics, there):
        reader.partitions_for_topic(each)
