"""``python -m bench.stream.turn relay|bare STORE BROKER TOPIC``: tells a stored log from its
beginning in a new topic, and answers the seconds that it took, without the preparations.

``relay`` is ours, from the store to the commit of the last run. ``bare`` is kafka-python's
transactional producer alone: the same records in the same runs, ready in memory.
"""

import gc
import sys
from collections.abc import Sequence
from contextlib import closing

from adapters.kafka.access import KafkaAccess
from adapters.kafka.producing import transactional_producer
from adapters.kafka.sink import KafkaSink
from adapters.kafka.topics import Topics
from adapters.stores.small_tables.relay_mark import StoredMark
from adapters.worker.relay_process import YOUNG
from bench.stream.places import opened
from bench.timing import timed
from engine.ports.log import Entry
from engine.stream.cloud_events import CloudEvent, Teller
from engine.stream.log_sink import Told, Topic
from engine.work.relay import Relay

Run = Sequence[tuple[Entry, CloudEvent]]


class Kept:
    """A ``LogSink`` that keeps the runs it is told."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def find(self) -> Topic | None:
        return None

    def make(self) -> Topic:
        return Topic("", "")

    def last(self) -> Told | None:
        return None

    def take_over(self) -> None:
        """Nobody else is there."""

    def publish(self, run: Run) -> None:
        self.runs.append(run)


def relay(store: str, access: KafkaAccess, topic: str) -> float:
    with opened(store) as found:
        StoredMark(found.beside).forget()
        source = Teller(found.store.identity).source
        with closing(KafkaSink(access, topic, source, print)) as sink:
            relaying = Relay(found.store, sink, StoredMark(found.beside))
            relaying.begin()
            _as_the_process()
            return timed(lambda: _all(relaying))


def bare(store: str, access: KafkaAccess, topic: str) -> float:
    with opened(store) as found:
        StoredMark(found.beside).forget()
        kept = Kept()
        relaying = Relay(found.store, kept, StoredMark(found.beside))
        relaying.begin()
        _all(relaying)
        StoredMark(found.beside).forget()
    topics = Topics(access, topic)
    largest = topics.make().largest
    records = [
        [(each, int(entry.envelope.recorded_at.timestamp() * 1000)) for entry, each in run]
        for run in kept.runs
    ]
    producer = transactional_producer(access, f"bare-{topic}", largest)
    producer.init_transactions()
    _as_the_process()

    def produce() -> None:
        for run in records:
            producer.begin_transaction()
            for record, at in run:
                producer.send(
                    topic,
                    value=record.value,
                    key=record.key,
                    headers=record.headers,
                    timestamp_ms=at,
                )
            producer.commit_transaction()

    took = timed(produce)
    producer.close()
    return took


def _all(relaying: Relay) -> None:
    while relaying.turn():
        pass


def _as_the_process() -> None:
    """Both sides collect garbage as the relay's process does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)


def main() -> None:
    kind, store, broker, topic = sys.argv[1:]
    took = {"relay": relay, "bare": bare}[kind](store, KafkaAccess(broker), topic)
    sys.stdout.write(f"{took}\n")


if __name__ == "__main__":
    main()
