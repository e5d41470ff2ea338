"""A member takes what it was assigned, whether it polled at that moment or not."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from adapters.kafka.consumer.membership import Arrivals, joined
from tests.stream.broker import NamedBroker
from tests.stream.test_relay import make
from tests.worker.processes import eventually

LONGER_THAN_A_JOIN = 0.5
"""Seconds."""


@contextmanager
def member(broker: NamedBroker, topic: str) -> Iterator[Any]:
    with closing(joined(broker.address, {"group_id": topic}, [topic], Arrivals())) as reader:
        yield reader


def test_a_member_that_joins_between_two_polls_has_joined(broker: NamedBroker, topic: str) -> None:
    make(broker, topic)
    with member(broker, topic) as reader:

        def assigned() -> bool:
            reader.poll(timeout_ms=1)
            return len(reader.assignment()) == 12

        eventually(assigned)
        assert reader.group_metadata().generation_id == 1


def test_a_topic_that_is_made_later_is_assigned_though_its_leader_joins_between_two_polls(
    broker: NamedBroker, topic: str
) -> None:
    with member(broker, topic) as reader:

        def in_the_group() -> bool:
            reader.poll(timeout_ms=200)
            return bool(reader.group_metadata().generation_id > 0)

        eventually(in_the_group)
        make(broker, topic)

        def assigned() -> bool:
            reader.poll(timeout_ms=1)
            time.sleep(LONGER_THAN_A_JOIN)
            return len(reader.assignment()) == 12

        eventually(assigned)
