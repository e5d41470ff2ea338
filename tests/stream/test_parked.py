"""A partition that was paused goes on where it was, also when every other one is at its end."""

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from adapters.kafka.consumer.parked import pick_up_parked
from tests.stream.broker import NamedBroker
from tests.stream.test_relay import make
from tests.worker.processes import eventually

RECORDS, AT_ONCE = 100, 10


@pytest.fixture
def partitions(broker: NamedBroker, topic: str) -> list[TopicPartition]:
    make(broker, topic, 2)
    with KafkaProducer(bootstrap_servers=broker.address) as producer:
        for number in range(2 * RECORDS):
            producer.send(topic, value=b"x", partition=number % 2)
    return [TopicPartition(topic, number) for number in range(2)]


def test_what_was_read_before_a_pause_comes_after_it(
    broker: NamedBroker, partitions: list[TopicPartition]
) -> None:
    with pick_up_parked(
        KafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest")
    ) as reader:
        reader.assign(partitions)
        seen = dict.fromkeys(partitions, 0)

        def saw(partition: TopicPartition, records: int) -> bool:
            look()
            return seen[partition] >= records

        def look() -> None:
            for each, records in reader.poll(timeout_ms=50, max_records=AT_ONCE).items():
                seen[each] += len(records)

        def saw_some() -> bool:
            look()
            return any(seen.values())

        eventually(saw_some)
        paused, other = sorted(partitions, key=lambda each: -seen[each])
        before = seen[paused]
        reader.pause(paused)
        eventually(lambda: saw(other, RECORDS))
        assert seen[paused] == before < RECORDS
        reader.resume(paused)
        eventually(lambda: saw(paused, RECORDS))
