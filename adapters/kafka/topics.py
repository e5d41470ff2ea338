"""The store's two topics: created as they must be, and verified at every start."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError, for_code

from adapters.kafka.access import KafkaAccess
from adapters.kafka.limits import limited
from engine.stream.errors import UnfitTopic
from engine.stream.log_sink import Topic
from engine.stream.topics import CLEANUP_POLICY, PARTITIONS, RETENTION_MS, refusals_of

MUST_BE = {
    "cleanup.policy": CLEANUP_POLICY,
    "retention.ms": str(RETENTION_MS),
    "retention.bytes": "-1",
}
MADE_WITH = {**MUST_BE, "message.timestamp.after.max.ms": str(2**63 - 1)}
"""A record's time is the store's; the broker does not check it against its own clock."""
LIMIT = 45.0
"""Seconds for all requests at a start."""
UNKNOWN_TOPIC, LATEST = 3, -1
"""Codes of the protocol."""


class Found(NamedTuple):
    topic: Topic
    largest: int
    """Octets in a record that both topics accept."""


class Topics:
    """The topics of a store, ``name`` and its refusals. Each request has a new client."""

    def __init__(self, access: KafkaAccess, name: str) -> None:
        self._access = access
        self.name = name
        self.both = (name, refusals_of(name))

    def find(self) -> Found | None:
        """The topics; None if ``name`` does not exist. Raises ``UnfitTopic``."""
        with limited("asking for the topics", LIMIT), self._admin() as admin:
            there = {each["name"]: each for each in admin.describe_topics(list(self.both))}
            gone = [name for name in self.both if there[name]["error_code"] == UNKNOWN_TOPIC]
            if self.name in gone:
                return None
            if gone:
                raise UnfitTopic(topic=self.name, lacks=f"{gone[0]} is missing")
            configs = _configs(admin, self.both)
        for name in self.both:
            lacks = list(_lacks(there[name], configs[name]))
            if lacks:
                raise UnfitTopic(topic=name, lacks=", ".join(lacks))
        ids = " ".join(str(there[name]["topic_id"]) for name in self.both)
        largest = min(int(each["max.message.bytes"]) for each in configs.values())
        return Found(Topic(self.name, ids), largest)

    def make(self) -> Found:
        """Create the topics, ``name`` last: if it exists, both do, even after a crash."""
        wanted = {"num_partitions": PARTITIONS, "replication_factor": -1, "configs": MADE_WITH}
        with limited("making the topics", LIMIT), self._admin() as admin:
            self._require_unused(admin)
            for name in reversed(self.both):
                with suppress(TopicAlreadyExistsError):
                    admin.create_topics({name: wanted}, wait_for_metadata=True)
        return self._once_known()

    def _require_unused(self, admin: Any) -> None:
        """Require the other topic to be empty: its end would count as how far both topics are."""
        other = self.both[1]
        (there,) = admin.describe_topics([other])
        ends = admin.list_partition_offsets(
            {TopicPartition(other, each["partition_index"]): LATEST for each in there["partitions"]}
        )
        if any(end.offset for end in ends.values()):
            raise UnfitTopic(topic=self.name, lacks=f"it is missing, and {other} is in use")

    def _once_known(self) -> Found:
        """The topics, once the brokers know them: each learns of a new topic at its own pace."""
        ends = monotonic() + LIMIT
        while (found := self.find()) is None:
            if monotonic() > ends:
                raise UnfitTopic(topic=self.name, lacks="it is missing though it was just made")
            sleep(0.05)
        return found

    def _admin(self) -> Any:
        return KafkaAdminClient(**self._access.client())


def topic_ids(access: KafkaAccess, names: Sequence[str]) -> Mapping[str, str]:
    """The topics' ids by name; "" if there is none. A topic that is created again has another id.
    Raises ``KafkaError`` and ``TookTooLong``."""
    with limited("asking for the topics", LIMIT), KafkaAdminClient(**access.client()) as admin:
        found = {each["name"]: each for each in admin.describe_topics(list(names))}
    for name, each in found.items():
        if each["error_code"] not in {0, UNKNOWN_TOPIC}:
            raise for_code(each["error_code"])(name)
    return {
        name: "" if each["error_code"] else str(each["topic_id"]) for name, each in found.items()
    }


def _configs(admin: Any, names: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, configs=None) for name in names]
    answered = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        name: {key: each["value"] for key, each in found.items()}
        for name, found in answered.items()
    }


def _lacks(described: Any, config: Mapping[str, str]) -> Iterator[str]:
    partitions = len(described["partitions"])
    if partitions != PARTITIONS:
        yield f"it has {partitions} partitions instead of {PARTITIONS}"
    for name, wanted in MUST_BE.items():
        if config[name] != wanted:
            yield f"{name} is {config[name]} instead of {wanted}"
