"""A Kafka cluster as consumers meet it: partitions, a group that rebalances, and its offsets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError, IllegalStateError

from adapters.kafka.consumer.membership import Arrivals
from tests.simulation.machine import Process
from tests.simulation.topic import TopicInMemory
from tests.simulation.vocabulary import WORKSPACES

EVENTS, REFUSALS = TOPICS = ("sim", "sim.refusals")
PARTITIONS = 2
SESSION = 6.0
"""Seconds without a sign of life after which a member's partitions are another's."""
LOOKS_AGAIN = (0.2, 1.0, 10.0, 60.0, 3_600.0, 86_400.0)
"""Seconds that a poll lasts where nothing comes: longer each time."""
WHILE_BLOCKED = 3
"""The longest of them while a partition waits to be tried again, by number."""


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes
    headers: Sequence[tuple[str, bytes]]
    value: bytes


class Broker:
    """Of one group. ``logs``: by partition and offset; None for the end of a transaction."""

    def __init__(self, topic: TopicInMemory) -> None:
        self._topic = topic
        self.members: dict[str, Client] = {}
        """By the name of the instance, in the order in which they joined."""
        self._anew()

    def _anew(self) -> None:
        self._number = self._topic.number
        self._runs = self._records = 0
        self.committed: dict[TopicPartition, int] = {}
        self.held: dict[TopicPartition, Client] = {}
        self._logs: dict[TopicPartition, list[Record | None]] = {
            TopicPartition(topic, number): [] for topic in TOPICS for number in range(PARTITIONS)
        }
        for each in self.members.values():
            each.assigned.clear()

    @property
    def logs(self) -> Mapping[TopicPartition, Sequence[Record | None]]:
        """With what was published since."""
        if self._number != self._topic.number:
            self._anew()
        for end in self._topic.ends[self._runs :]:
            for each in dict.fromkeys(self._append(place) for place in range(self._records, end)):
                self._logs[each].append(None)
            self._records = end
        self._runs = len(self._topic.ends)
        return self._logs

    def _append(self, place: int) -> TopicPartition:
        entry, (key, headers, value) = self._topic.records[place]
        topic = EVENTS if entry.row is not None else REFUSALS
        found = TopicPartition(topic, WORKSPACES.index(key.decode()) % PARTITIONS)
        log = self._logs[found]
        log.append(Record(found.topic, found.partition, len(log), key, headers, value))
        return found

    # The group.

    def join(self, client: "Client") -> None:
        """Who comes under the name of a member takes its place, and has its partitions."""
        before = self.members.get(client.name)
        self.members[client.name] = client
        for each, has in self.held.items():
            if has is before:
                self.held[each] = client
        self._tell()

    def leave(self, client: "Client") -> None:
        if self.members.get(client.name) is client:
            del self.members[client.name]
            self.held = {each: has for each, has in self.held.items() if has is not client}
            self._tell()

    def share_of(self, client: "Client") -> set[TopicPartition]:
        """What the member is to have: what it has, as far as that is fair, and what nobody has."""
        shares: dict[Client, set[TopicPartition]] = {each: set() for each in self.members.values()}
        fair = -(-len(self._logs) // len(shares))
        for each, has in self.held.items():
            if len(shares[has]) < fair:
                shares[has].add(each)
        for each in self._logs:
            if not any(each in share for share in shares.values()):
                min(shares.values(), key=len).add(each)
        return shares[client]

    def _tell(self) -> None:
        for each in self.members.values():
            each.process.wake()


class Client:
    """Of one member: kafka-python's ``KafkaConsumer``, as far as a consumer asks for it."""

    def __init__(
        self, broker: Broker, process: Process, settings: Mapping[str, Any], arrivals: Arrivals
    ) -> None:
        self.process, self._broker, self._arrivals = process, broker, arrivals
        self._most: int = settings["max_poll_records"]
        self.name: str = settings["group_instance_id"] or f"{process.name}.{process.starts}"
        self.assigned: dict[TopicPartition, int] = {}
        """With the offset that is fetched next."""
        self._paused: set[TopicPartition] = set()
        self._idle = self._signs = 0

    def assignment(self) -> set[TopicPartition]:
        return {*self.assigned}

    def poll(self, **_: object) -> dict[TopicPartition, list[Record]]:
        self._signs += 1
        try:
            found = self._joined_and_fetched()
        finally:
            self._say_no_more()
        return found

    def _joined_and_fetched(self) -> dict[TopicPartition, list[Record]]:
        process, machine = self.process, self.process.machine
        if process.cut_until > machine.seconds:
            machine.faults["partition"] += 1
            self._say_no_more()
            process.pause(process.cut_until - machine.seconds)
            return {}
        woken = False
        if self._has_news():
            process.give_way()
        else:
            woken = process.wait(LOOKS_AGAIN[self._idle])
        none = not woken and not self._has_news()
        self._idle = min(self._idle + 1, self._longest()) if none else 0
        self._take_part()
        return self._fetched()

    def _longest(self) -> int:
        return WHILE_BLOCKED if self._paused else len(LOOKS_AGAIN) - 1

    def _has_news(self) -> bool:
        logs = self._broker.logs
        ready = any(
            at != len(logs[each]) and each not in self._paused for each, at in self.assigned.items()
        )
        if ready or not self._is_member():
            return True
        return not self._share() == {*self.assigned} == self._held()

    def _held(self) -> set[TopicPartition]:
        return {each for each, has in self._broker.held.items() if has is self}

    def _share(self) -> set[TopicPartition]:
        """Its share, but for what another one has yet to give up."""
        share, held = self._broker.share_of(self), self._broker.held
        return {each for each in share if held.get(each, self) is self}

    def _is_member(self) -> bool:
        return self._broker.members.get(self.name) is self

    def _take_part(self) -> None:
        """Give up what is another's, and take what nobody holds (cooperative-sticky)."""
        broker = self._broker
        if not self._is_member():
            self.assigned.clear()
            broker.join(self)
        share = self._share()
        given_up = self._held() - share
        for each in given_up:
            del broker.held[each]
            self.assigned.pop(each, None)
        new = sorted(share - self.assigned.keys())
        broker.held.update(dict.fromkeys(share, self))
        self.assigned.update((each, broker.committed.get(each, 0)) for each in new)
        self._paused -= {*given_up, *new}
        self._arrivals.on_partitions_assigned(new)
        if given_up:
            broker._tell()

    def _fetched(self) -> dict[TopicPartition, list[Record]]:
        """Of some partitions, in any order; of each what comes next."""
        found: dict[TopicPartition, list[Record]] = {}
        random, left, logs = self.process.random, self._most, self._broker.logs
        for each in random.sample(list(self.assigned), len(self.assigned)):
            log, at = logs[each], self.assigned[each]
            if each in self._paused or not left or random.random() < 0.2:
                continue
            at = at if at <= len(log) else 0  # auto_offset_reset
            until = min(len(log), at + random.choice((1, left, left)))
            self.assigned[each] = until
            records = [record for record in log[at:until] if record is not None]
            if records:
                found[each] = records
                left -= min(left, len(records))
        return found

    def _say_no_more(self) -> None:
        """While a program has what it polled, or is cut off, it may be taken for dead."""
        self._signs += 1
        signs, machine = self._signs, self.process.machine

        def miss() -> None:
            if signs == self._signs:
                machine.faults["consumer taken for dead"] += 1
                self._broker.leave(self)

        machine.at(machine.seconds + SESSION, miss)

    # What the consumer asks for, and says.

    def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        self.process.give_way()
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        self.process.give_way()
        return {each: len(self._broker.logs[each]) for each in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition not in self.assigned:
            raise IllegalStateError(f"{partition} is not assigned")
        self.assigned[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    def commit_async(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        if all(self._broker.held.get(each) is self for each in offsets):
            self._broker.committed.update({each: at.offset for each, at in offsets.items()})

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], **_: object) -> None:
        self.process.give_way()
        if any(self._broker.held.get(each) is not self for each in offsets):
            raise CommitFailedError
        self.commit_async(offsets)

    def close(self, **_: object) -> None:
        self._signs += 1
        if self.process.is_dead:
            self._say_no_more()
        else:
            self._broker.leave(self)


class Reader:
    """Of no group: ``KafkaConsumer``, as far as starting over asks for it."""

    def __init__(self, broker: Broker, **_: object) -> None:
        self._logs = broker.logs
        self._at: dict[TopicPartition, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def topics(self) -> set[str]:
        return {each.topic for each in self._logs}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {each.partition for each in self._logs if each.topic == topic}

    def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: len(self._logs[each]) for each in partitions}

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        self._at = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._at[partition] = offset

    def position(self, partition: TopicPartition) -> int:
        return self._at[partition]

    def poll(self, **_: object) -> dict[TopicPartition, list[Record]]:
        """Of each partition the next record."""
        found: dict[TopicPartition, list[Record]] = {}
        for each, at in self._at.items():
            record = next(filter(None, self._logs[each][at:]), None)
            self._at[each] = record.offset + 1 if record else len(self._logs[each])
            if record:
                found[each] = [record]
        return found
