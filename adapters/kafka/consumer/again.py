"""Starting over from the beginning, a position or a time; and retrying what was skipped."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from adapters.kafka.consumer.effect import Effect
from adapters.kafka.consumer.event import Event, event_of
from adapters.kafka.consumer.inbox import Inbox, Place
from adapters.kafka.consumer.membership import GROUP, client_of
from adapters.kafka.consumer.topics import chosen

Undo = Callable[[Inbox, Any, str, int, int], object]
"""Takes back the effects of a topic's partition from that offset on."""


def start_over(
    kafka: str | Mapping[str, Any],
    inbox: Inbox,
    topics: Sequence[str],
    undo: Undo,
    *,
    position: int | None = None,
    at: datetime | None = None,
    client: Callable[..., Any] = KafkaConsumer,
) -> dict[TopicPartition, int]:
    """Start over at the first event with that position or time, or a later one; else at the
    beginning. Answers the offsets. A consumer that is running continues from there."""
    alone = {name: value for name, value in GROUP.items() if not name.endswith("_strategy")}
    with client(**{**client_of(kafka), **alone}) as reader:
        topics = chosen(topics, reader.topics())
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(reader.partitions_for_topic(topic) or ())
        ]
        offsets = _offsets(reader, partitions, position, at)
    with inbox.transaction() as c:
        for topic in topics:
            of_topic = {each.partition: n for each, n in offsets.items() if each.topic == topic}
            for number, offset in of_topic.items():
                undo(inbox, c, topic, number, offset)
            places = {number: Place(offset, -1) for number, offset in of_topic.items()}
            inbox.restart(c, topic, places)
    return offsets


def _offsets(
    reader: Any, partitions: list[TopicPartition], position: int | None, at: datetime | None
) -> dict[TopicPartition, int]:
    first, ends = reader.beginning_offsets(partitions), reader.end_offsets(partitions)
    if position is not None:
        return {each: _search(reader, each, first[each], ends[each], position) for each in ends}
    if at is not None:
        millis = int(at.timestamp() * 1000)
        found = reader.offsets_for_times(dict.fromkeys(partitions, millis))
        return {each: there.offset if there else ends[each] for each, there in found.items()}
    return dict(first)


def _search(reader: Any, partition: TopicPartition, low: int, high: int, position: int) -> int:
    """The offset of the partition's first event at or after that position, by binary search."""
    reader.assign([partition])
    while low < high:
        middle = (low + high) // 2
        record = _first_from(reader, partition, middle, high)
        if record is None or event_of(record).position >= position:
            high = middle
        else:
            low = record.offset + 1
    return low


def _first_from(reader: Any, partition: TopicPartition, offset: int, end: int) -> Any:
    """The first record from that offset on; None if only markers of transactions follow."""
    reader.seek(partition, offset)
    while reader.position(partition) < end:
        for records in reader.poll(timeout_ms=100, max_records=1).values():
            return records[0] if records[0].offset < end else None
    return None


def redrive(inbox: Inbox, effect: Effect) -> tuple[int, int]:
    """Retry every dead letter that was skipped: how many had their effect, and how many did not.
    The effects of later records came before."""
    done = failed = 0
    for letter in inbox.dead_letters():
        if letter.passed:
            try:
                _again(inbox, letter.event, effect)
                done += 1
            except inbox.LOST:
                raise
            except Exception:  # noqa: BLE001 the dead letter stays
                failed += 1
    return done, failed


def _again(inbox: Inbox, event: Event, effect: Effect) -> None:
    with inbox.transaction() as c:
        effect(event, inbox, c)
        inbox.revive(c, (event.topic, event.partition), event.offset, event.offset + 1)
