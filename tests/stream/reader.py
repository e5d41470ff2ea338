"""What a read_committed reader of a topic sees, from its beginning."""

from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from engine.stream.topics import refusals_of


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
    with KafkaConsumer(
        bootstrap_servers=broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    ) as reader:
        partitions = [
            TopicPartition(name, number)
            for name in (topic, refusals_of(topic))
            for number in sorted(reader.partitions_for_topic(name))
        ]
        reader.assign(partitions)
        ends = reader.end_offsets(partitions)
        found: dict[TopicPartition, list[Seen]] = {each: [] for each in partitions}
        while any(reader.position(each) < end for each, end in ends.items()):
            for each, records in reader.poll(timeout_ms=100).items():
                found[each] += map(_seen, records)
        return [seen for each in partitions for seen in found[each]]


def _seen(record: Any) -> Seen:
    headers = {name: text.decode() for name, text in record.headers}
    sequence = headers.get("ce_sequence")
    return Seen(
        entry=int(headers.get("ce_entry", -1)),
        sequence=int(sequence) if sequence else None,
        workspace=(record.key or b"").decode(),
        value=record.value,
        headers=headers,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


def faults(seen: list[Seen], entries: int) -> dict[str, int]:
    """How many entries of so many were lost, doubled, or out of order within a workspace."""
    last: dict[tuple[str, str], int] = {}
    out_of_order = 0
    for each in seen:
        out_of_order += each.entry <= last.get((each.topic, each.workspace), -1)
        last[each.topic, each.workspace] = each.entry
    numbers = [each.entry for each in seen]
    return {
        "lost": entries - len({*numbers}),
        "doubled": len(numbers) - len({*numbers}),
        "out of order": out_of_order,
    }


NONE = {"lost": 0, "doubled": 0, "out of order": 0}
