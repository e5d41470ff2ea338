"""Consumes topics of stores: each event has its effect once, whatever dies meanwhile.

Effects and the position are kept in one transaction of the consumer's own database. A service needs
no more than this::

    def invoice(event, inbox, c):
        if event.type == "sendledger.RecipientStopped.v1":
            inbox.execute(c, "INSERT INTO invoices VALUES (%s, %s)", (event.source, event.entry))

    with Consumer("kafka:9092", into="postgresql://…", group="invoices", effect=invoice) as consumer:
        consumer.run()
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from threading import Event as Flag
from time import monotonic
from typing import Any, Self

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from adapters.kafka.consumer.event import Event, event_of
from adapters.kafka.consumer.inbox import Inbox, Overtaken, Place, inbox_at

log = logging.getLogger("sendledger.consumer")

Effect = Callable[[Event, Inbox, Any], object]
"""Does what follows from an event, with the cursor of the transaction; raises for poison."""

POLL_MS, AT_ONCE = 200, 500
NO_ASSIGNMENT = 5.0
"""Seconds without a partition after which somebody is told: one start in some thirty stalls."""
HINT_EVERY = 5.0
"""Seconds between two notes of the group's offsets, for who watches the lag."""
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
"""Seconds between two attempts at a record that blocks its partition."""
GROUP: Mapping[str, Any] = {
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [CooperativeStickyAssignor],
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_500,
    "max_poll_records": AT_ONCE,
    "fetch_max_wait_ms": 100,
    "reconnect_backoff_max_ms": 1_000,
    "allow_auto_create_topics": False,
}


class PositionLost(Exception):
    """The topic no longer holds what comes next. An operator has to decide."""


class Poison(StrEnum):
    """What becomes of a partition whose next record has no effect but an error."""

    BLOCK = "block"
    """It waits, and tries again: nothing is done out of order."""
    PASS = "pass"  # noqa: S105 no password
    """It goes on without it; the dead letter holds the record."""


class Consumer:
    """One member of the group. ``kafka``: ``HOST:PORT``, or kafka-python's settings of a client.

    ``workspace``: of it alone; ``instance``: a name that a restarted process keeps, so that its
    partitions wait for it (static membership); ``alert``: told what a person should look at.
    """

    def __init__(
        self,
        kafka: str | Mapping[str, Any],
        *,
        into: str,
        group: str,
        effect: Effect,
        topics: Sequence[str] = ("sendledger.events",),
        poison: Poison = Poison.BLOCK,
        workspace: str | None = None,
        instance: str | None = None,
        alert: Callable[[str], object] = log.warning,
    ) -> None:
        client = {"bootstrap_servers": kafka.split(",")} if isinstance(kafka, str) else kafka
        self.inbox = inbox_at(into, group)
        self._effect = effect
        self._poison = poison
        self._workspace = workspace
        self._alert = alert
        self._stopping = Flag()
        self._places: dict[TopicPartition, Place] = {}
        self._retries: dict[TopicPartition, tuple[float, float]] = {}
        self._assigned_at = self._hinted_at = monotonic()
        self._arrivals = Arrivals()
        self._kafka = KafkaConsumer(**client, **GROUP, group_id=group, group_instance_id=instance)
        self._kafka.subscribe(list(topics), listener=self._arrivals)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the group, so that others take over at once."""
        try:
            self._kafka.close(autocommit=False, timeout_ms=5_000)
        finally:
            self.inbox.close()

    def stop(self, *_: object) -> None:
        """From any thread or signal handler; what is under way is brought to its end."""
        self._stopping.set()

    def run(self) -> None:
        """Until ``stop``. Any error ends it: begin anew with a new one. Raises ``PositionLost``,
        kafka-python's ``KafkaError``, and the database's errors."""
        while not self._stopping.is_set():
            self.turn()
        self._hint(now=True)

    def turn(self) -> int:
        """What one look brings; answers how many records."""
        polled = self._kafka.poll(timeout_ms=POLL_MS)
        self._settle_in()
        self._retry()
        done = 0
        for partition, records in polled.items():
            if partition in self._places and partition not in self._retries:
                done += self._take(partition, records)
        self._hint()
        return done

    def _settle_in(self) -> None:
        """Partitions that are new here, or were away for a while, begin where the database says."""
        assigned = self._kafka.assignment()
        for each in self._arrivals.taken() | (self._places.keys() - assigned):
            self._places.pop(each, None)
            self._retries.pop(each, None)
        for each in assigned - self._places.keys():
            self._places[each] = self._seek(each)
        self._tell_of_idleness(idle=not assigned)

    def _seek(self, partition: TopicPartition) -> Place:
        first = self._kafka.beginning_offsets([partition])[partition]
        end = self._kafka.end_offsets([partition])[partition]
        at = self.inbox.place(*partition)
        if at is None:
            self.inbox.begin(*partition, Place(first, -1))
            at = self.inbox.place(*partition) or Place(first, -1)
        if not first <= at.next_offset <= end:
            raise PositionLost(
                f"{partition.topic}, partition {partition.partition}, holds offsets {first} to "
                f"{end}, and offset {at.next_offset} comes next: the topic was made anew, or has "
                "lost records. Start over, after the relay has told all of it."
            )
        self._kafka.seek(partition, at.next_offset)
        self._kafka.resume(partition)
        return at

    def _take(self, partition: TopicPartition, records: Sequence[Any]) -> int:
        """All in one transaction; where one of them is poison, each in its own up to there."""
        new = [each for each in records if each.offset >= self._places[partition].next_offset]
        try:
            try:
                self._do(partition, new)
            except (Overtaken, *self.inbox.LOST):
                raise
            except Exception:  # noqa: BLE001 whose fault it is shows when each goes alone
                self._one_by_one(partition, new)
        except Overtaken:
            self._places.pop(partition, None)
        return len(new)

    def _do(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        if not records:
            return
        before = self._places[partition]
        with self.inbox.transaction() as c:
            # The effects follow under the lock of the position: two processes never do them at once.
            events = [event_of(each) for each in records]
            after = Place(records[-1].offset + 1, max(before.entry, events[-1].entry))
            self.inbox.move(c, *partition, before.next_offset, after)
            if partition in self._retries:
                self.inbox.revive(c, *partition, records[0].offset)
            for each in events:
                if each.entry > before.entry and self._workspace in {None, each.workspace}:
                    self._effect(each, self.inbox, c)
        self._places[partition] = after

    def _one_by_one(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        for each in records:
            try:
                self._do(partition, [each])
            except (Overtaken, *self.inbox.LOST):
                raise
            except Exception as error:  # noqa: BLE001 anything may be wrong with a record
                self._bury(partition, each, error)
                if self._poison is Poison.BLOCK:
                    return

    def _bury(self, partition: TopicPartition, record: Any, error: Exception) -> None:
        passed, before = self._poison is Poison.PASS, self._places[partition]
        after = before._replace(next_offset=record.offset + 1)
        with self.inbox.transaction() as c:
            self.inbox.bury(c, record, error, passed=passed)
            if passed:
                self.inbox.move(c, *partition, before.next_offset, after)
        where = f"{record.topic}, partition {record.partition}, offset {record.offset}"
        what = "goes on without it" if passed else "waits for it"
        self._alert(f"No effect of {where}; the consumer {what}: {error!r}")
        if passed:
            self._places[partition] = after
        else:
            self._kafka.pause(partition)
            pause = min(self._retries.get(partition, (0, FIRST_RETRY / 2))[1] * 2, LAST_RETRY)
            self._retries[partition] = (monotonic() + pause, pause)

    def _retry(self) -> None:
        """Read the record once more where its time has come."""
        for partition, (at, _) in list(self._retries.items()):
            if monotonic() < at:
                continue
            self._kafka.seek(partition, self._places[partition].next_offset)
            self._kafka.resume(partition)
            records = self._kafka.poll(timeout_ms=POLL_MS, max_records=1)
            self._kafka.pause(partition)
            _ = records

    def _tell_of_idleness(self, *, idle: bool) -> None:
        now = monotonic()
        if not idle:
            self._assigned_at = now
        elif now - self._assigned_at > NO_ASSIGNMENT:
            self._alert(
                f"No partition was assigned for {NO_ASSIGNMENT:g} s. Are there more members than "
                "partitions? Otherwise start this one anew."
            )
            self._assigned_at = now

    def _hint(self, *, now: bool = False) -> None:
        if not now and monotonic() - self._hinted_at < HINT_EVERY:
            return
        self._hinted_at = monotonic()
