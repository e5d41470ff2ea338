"""Three brokers on one machine that keep three copies of everything, two of which must be there."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from tests.stream.broker import Broker, NamedBroker
from tests.stream.wire import Wire

COPIES = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}


class Cluster(NamedBroker):
    """Runs while its ``with`` lasts. Clients reach each broker by a wire of its own."""

    def __init__(self) -> None:
        self.brokers = [Broker(COPIES) for _ in range(3)]
        self.wires = [Wire(each.secured_address) for each in self.brokers]
        super().__init__("")

    def __enter__(self) -> Self:
        self._open = ExitStack()
        with ExitStack() as stack:
            for wire in self.wires:
                stack.enter_context(wire)
            self.address = ",".join(each.address for each in self.wires)
            self._make_known_to_each_other()
            for each in self.brokers:
                each.make()
                stack.push(each)
                each.launch()
            for each in self.brokers:
                each.await_ready()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _make_known_to_each_other(self) -> None:
        numbered = list(enumerate(self.brokers, start=1))
        voters = ",".join(f"{number}@{each.controller_address}" for number, each in numbered)
        for (number, each), wire in zip(numbered, self.wires, strict=True):
            each.cluster_id = self.brokers[0].cluster_id
            each.advertised = wire.address
            each.properties |= {"node.id": str(number), "controller.quorum.voters": voters}

    def leads(self, topic: str) -> Sequence[int]:
        """Of each partition, the number of the broker that leads it; -1 for none."""
        return [each.leader for each in self._partitions(topic)]

    def is_whole(self, topic: str) -> bool:
        """Every copy of every partition is there and up to date."""
        found = self._partitions(topic)
        return bool(found) and all(each.leader > 0 and len(each.isrs) == 3 for each in found)

    def move_leaders(self, topics: Sequence[str]) -> None:
        """Each partition is led by the next broker from now on; the copies stay where they are."""
        order = {
            TopicPartition(topic, each.id): _turned(each.replicas, each.leader)
            for topic in topics
            for each in self._partitions(topic)
        }
        partitions = {
            topic: [each.partition for each in order if each.topic == topic] for topic in topics
        }
        with KafkaAdminClient(bootstrap_servers=self._addresses) as admin:
            admin.alter_partition_reassignments(order)
            admin.elect_leaders(0, partitions, raise_errors=False)

    def _partitions(self, topic: str) -> list[Any]:
        """As the brokers tell; nothing while they cannot be asked."""
        asked = AdminClient({"bootstrap.servers": ",".join(self._addresses), "log_level": 0})
        with suppress(KafkaException):
            return [*asked.list_topics(topic, timeout=5).topics[topic].partitions.values()]
        return []

    @property
    def _addresses(self) -> list[str]:
        """The brokers themselves, whatever becomes of the wires."""
        return [each.address for each in self.brokers]


def _turned(copies: Sequence[int], leader: int) -> list[int]:
    """In another order: the one after the leader comes first."""
    at = (list(copies).index(leader) + 1) % len(copies) if leader in copies else 0
    return [*copies[at:], *copies[:at]]
