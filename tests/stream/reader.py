"""What a read_committed reader of a topic sees, from its beginning: librdkafka, which shares
nothing with what the relay writes by."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from engine.stream.topics import refusals_of

PATIENCE = 60.0
"""Seconds for an answer."""
AT_ONCE, POLL, SILENT_POLLS = 1_000, 0.1, 600
"""Records that are asked for, and for how long; so often without any, the reader gives up."""


class Seen(NamedTuple):
    entry: int
    sequence: int | None
    workspace: str
    value: bytes
    headers: dict[str, str]
    topic: str
    partition: int
    offset: int


def everything(broker: str, topic: str) -> list[Seen]:
    """Of both topics: partition by partition, in order of offset."""
    return sorted(stream(broker, topic), key=lambda each: (each.topic, each.partition, each.offset))


def stream(broker: str, topic: str) -> Iterator[Seen]:
    """Of both topics up to where they end for such a reader, each partition in its order. Raises
    ``KafkaException``, also where nothing comes for a minute."""
    reader = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "nobody",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        partitions = [
            TopicPartition(name, number, OFFSET_BEGINNING)
            for name in (topic, refusals_of(topic))
            for number in reader.list_topics(name, timeout=PATIENCE).topics[name].partitions
        ]
        reader.assign(partitions)
        ended: set[tuple[str | None, int | None]] = set()
        silent = 0
        while len(ended) < len(partitions):
            records = reader.consume(AT_ONCE, timeout=POLL)
            silent = 0 if records else silent + 1
            if silent > SILENT_POLLS:
                raise KafkaException(KafkaError._TIMED_OUT)
            for record in records:
                error = record.error()
                if error is None:
                    yield _seen(record)
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add((record.topic(), record.partition()))
                elif not error.retriable():
                    raise KafkaException(error)
    finally:
        reader.close()


def _seen(record: Any) -> Seen:
    headers = {name: (text or b"").decode() for name, text in record.headers() or ()}
    sequence = headers.get("ce_sequence")
    return Seen(
        entry=int(headers.get("ce_entry", -1)),
        sequence=int(sequence) if sequence else None,
        workspace=(record.key() or b"").decode(),
        value=record.value(),
        headers=headers,
        topic=record.topic(),
        partition=record.partition(),
        offset=record.offset(),
    )


def faults(seen: Iterable[Seen], entries: int) -> dict[str, int]:
    """How many entries of so many were lost, doubled, or out of order within a workspace."""
    last: dict[tuple[str, str], int] = {}
    times = bytearray(entries)
    doubled = out_of_order = strange = 0
    for each in seen:
        out_of_order += each.entry <= last.get((each.topic, each.workspace), -1)
        last[each.topic, each.workspace] = each.entry
        if not 0 <= each.entry < entries:
            strange += 1
        elif times[each.entry]:
            doubled += 1
        else:
            times[each.entry] = 1
    return {
        "lost": times.count(0),
        "doubled": doubled + strange,
        "out of order": out_of_order,
    }


NONE = {"lost": 0, "doubled": 0, "out of order": 0}
