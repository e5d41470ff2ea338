"""A member takes what it was assigned, whether it polled at that moment or not."""

from adapters.kafka.consumer.membership import Arrivals, joined
from tests.stream.broker import NamedBroker
from tests.stream.test_relay import make
from tests.worker.processes import eventually


def test_a_member_that_joins_between_two_polls_has_joined(broker: NamedBroker, topic: str) -> None:
    make(broker, topic)
    reader = joined(broker.address, {"group_id": topic}, [topic], Arrivals())
    try:

        def assigned() -> bool:
            reader.poll(timeout_ms=1)
            return len(reader.assignment()) == 12

        eventually(assigned)
        assert reader.group_metadata().generation_id == 1
    finally:
        reader.close(autocommit=False)
