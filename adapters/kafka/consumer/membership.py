"""How a consumer joins its group: settings, topics, and partitions as they are assigned."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """kafka-python's settings of a client; ``HOST:PORT,…`` may stand for all of them."""
    return {"bootstrap_servers": kafka.split(",")} if isinstance(kafka, str) else kafka


class Arrivals(ConsumerRebalanceListener):  # type: ignore[misc] # the library has no types
    """Partitions that were newly assigned. The library calls it in a thread of its own, which must
    not use our connections."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._new: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        with self._lock:
            self._new.update(assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Do nothing: partitions are compared after each poll."""

    def taken(self) -> set[TopicPartition]:
        with self._lock:
            found, self._new = self._new, set()
        return found


Join = Callable[[str | Mapping[str, Any], Mapping[str, Any], Sequence[str], Arrivals], Any]
"""Makes a client that joins a group, from the cluster, the member's settings and the topics."""


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
    """Learn of the topics' partitions before joining. A member that does not know them yet may be
    the one that assigns them, and then assigns none. A topic that does not exist is looked for
    again."""
    there = reader.topics() if pattern_of(topics) else ()
    for each in chosen(topics, there):
        reader.partitions_for_topic(each)
