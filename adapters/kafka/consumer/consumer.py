"""Consumes topics of stores: each event has its effect once, whatever crashes meanwhile.

Effects and the position are stored in one transaction of the consumer's own database. A service
needs no more than this::

    def invoice(event, inbox, c):
        if event.type == "sendledger.RecipientStopped.v1":
            inbox.execute(c, "INSERT INTO invoices VALUES (%s, %s)", (event.source, event.entry))

    with Consumer("kafka:9092", into="postgresql://…", group="invoices", effect=invoice) as it:
        it.run()
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from threading import Event as Flag
from typing import Any, NamedTuple, Self

from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from adapters.kafka.consumer.effect import Effect, Together, one_after_another
from adapters.kafka.consumer.event import event_of
from adapters.kafka.consumer.inbox import Inbox, Overtaken, Place, inbox_at
from adapters.kafka.consumer.membership import Arrivals, Join, joined

log = logging.getLogger("sendledger.consumer")

POLL_MS, AT_ONCE = 200, 500
NO_ASSIGNMENT = 5.0
"""Seconds without a partition after which an alert is raised."""
HINT_EVERY = 5.0
"""Seconds between two commits of the group's offsets, for those who watch the lag, and between two
checks whether the group was told to start over."""
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
"""Seconds between two attempts at a record that blocks its partition."""


class Refused(Exception):
    """The consumer ends, and an operator has to decide; the text says what to do."""


class PositionLost(Refused):
    """The topic no longer holds the next record."""


class Poison(StrEnum):
    """What happens to a partition whose next record cannot have its effect."""

    BLOCK = "block"
    """The partition waits and tries again: nothing is done out of order."""
    PASS = "pass"  # noqa: S105 not a password
    """The partition goes on without the record, which is kept as a dead letter."""


class Consumer:
    """One member of the group. ``kafka``: ``HOST:PORT``, or kafka-python's settings of a client.

    ``topics``: one that begins with ``^`` is a pattern; ``workspace``: only its events;
    ``instance``: a name that a restarted process keeps, so that its partitions wait for it (static
    membership); ``alert``: called with what a person should look at; ``at_once``: the most records
    in one transaction; ``join`` and ``monotonic``: its client of Kafka and its clock, in seconds.
    """

    def __init__(
        self,
        kafka: str | Mapping[str, Any],
        *,
        into: str | Inbox,
        group: str,
        effect: Effect | Together,
        topics: Sequence[str] = ("sendledger.events",),
        poison: Poison = Poison.BLOCK,
        workspace: str | None = None,
        instance: str | None = None,
        alert: Callable[[str], object] = log.warning,
        at_once: int = AT_ONCE,
        join: Join = joined,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inbox = into if isinstance(into, Inbox) else inbox_at(into, group)
        self._effect = effect if isinstance(effect, Together) else one_after_another(effect)
        self._fatal: tuple[type[Exception], ...] = (Overtaken, Refused, *self.inbox.LOST)
        self._poison = poison
        self._workspace = workspace
        self._alert = alert
        self._stopping = Flag()
        self._places: dict[TopicPartition, Place] = {}
        self._blocked: dict[TopicPartition, Blocked] = {}
        self._buried: set[TopicPartition] = set()
        """Partitions whose next record is a dead letter that waits."""
        self._monotonic = monotonic
        self._assigned_at = self._hinted_at = monotonic()
        self._arrivals = Arrivals()
        member = {"group_id": group, "group_instance_id": instance, "max_poll_records": at_once}
        self._kafka = join(kafka, member, topics, self._arrivals)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the group, so that others take over at once."""
        try:
            self._kafka.close(autocommit=False, timeout_ms=5_000)
        finally:
            self.inbox.close()

    def stop(self, *_: object) -> None:
        """Stop after the work in hand. May be called from any thread or signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until ``stop``. Any error ends it: start again with a new consumer. Raises
        ``PositionLost``, kafka-python's ``KafkaError``, and the database's errors."""
        while not self._stopping.is_set():
            self.turn()
        self._hint(now=True)

    @property
    def partitions(self) -> set[TopicPartition]:
        """The partitions that this member has now."""
        return {*self._places}

    def turn(self) -> int:
        """Poll once and have the effects. Answers the number of records."""
        polled = self._kafka.poll(timeout_ms=POLL_MS)
        moved = self._settle_in()
        self._retry()
        done = 0
        for partition, records in polled.items():
            if partition in self._places and partition not in (moved | self._blocked.keys()):
                done += self._take(partition, records)
        self._hint()
        return done

    def _settle_in(self) -> set[TopicPartition]:
        """Position new and returning partitions where the database says.

        Answers them: records already polled from them come from other places.
        """
        assigned = self._kafka.assignment()
        for each in self._arrivals.taken() | (self._places.keys() - assigned):
            self._let_go(each)
        moved = set(assigned - self._places.keys())
        for each in moved:
            self._places[each] = self._seek(each)
        self._tell_of_idleness(idle=not assigned)
        return moved

    def _notice_restarts(self) -> None:
        """Look for restarts in all partitions, even in those without new records."""
        for each, at in list(self._places.items()):
            if self.inbox.place(each) != at:
                self._let_go(each)

    def _let_go(self, partition: TopicPartition) -> None:
        """It is positioned anew if this member still has it."""
        self._places.pop(partition, None)
        self._blocked.pop(partition, None)

    def _seek(self, partition: TopicPartition) -> Place:
        first = self._kafka.beginning_offsets([partition])[partition]
        end = self._kafka.end_offsets([partition])[partition]
        at = self.inbox.place(partition)
        if at is None:
            self.inbox.begin(partition, Place(first, -1))
            at = self.inbox.place(partition) or Place(first, -1)
        if not first <= at.next_offset <= end:
            raise PositionLost(
                f"{partition.topic}, partition {partition.partition}, holds offsets {first} to "
                f"{end}, and offset {at.next_offset} comes next: the topic was made anew, or has "
                "lost records. Start over, after the relay has told all of it."
            )
        self._kafka.seek(partition, at.next_offset)
        self._kafka.resume(partition)
        self._buried.discard(partition)
        if self.inbox.is_buried(partition, at):
            self._buried.add(partition)
        return at

    def _take(self, partition: TopicPartition, records: Sequence[Any]) -> int:
        """Have the effects of records, all in one transaction; if one is poison, each in its own up
        to it. Effects happen under the lock of the position: two processes never have them at
        once."""
        new = [each for each in records if each.offset >= self._places[partition].next_offset]
        try:
            try:
                self._do(partition, new)
            except self._fatal:
                raise
            except Exception:  # noqa: BLE001 doing each alone shows which one fails
                self._one_by_one(partition, new)
        except Overtaken:
            self._let_go(partition)
        return len(new)

    def _do(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        if not records:
            return
        before, events = self._places[partition], [event_of(each) for each in records]
        with self.inbox.transaction() as c:
            after = Place(records[-1].offset + 1, max(before.entry, events[-1].entry))
            self.inbox.move(c, partition, before.next_offset, after)
            if partition in self._buried:
                self.inbox.revive(c, partition, before.next_offset, after.next_offset)
            new = [
                each
                for each in events
                if each.entry > before.entry and self._workspace in {None, each.workspace}
            ]
            if new:
                self._effect.effect(new, self.inbox, c)
        self._places[partition] = after
        self._buried.discard(partition)

    def _one_by_one(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        for each in records:
            try:
                self._do(partition, [each])
            except self._fatal:
                raise
            except Exception as error:  # noqa: BLE001 anything may be wrong with a record
                self._bury(partition, each, error)
                if self._poison is Poison.BLOCK:
                    return

    def _bury(self, partition: TopicPartition, record: Any, error: Exception) -> None:
        passed, before = self._poison is Poison.PASS, self._places[partition]
        after = before._replace(next_offset=record.offset + 1) if passed else before
        with self.inbox.transaction() as c:
            self.inbox.move(c, partition, before.next_offset, after)
            self.inbox.bury(c, record, error, passed=passed)
        where = f"{record.topic}, partition {record.partition}, offset {record.offset}"
        what = "goes on without it" if passed else "waits for it"
        self._alert(f"No effect of {where}; the consumer {what}: {error!r}")
        if passed:
            self._places[partition] = after
        else:
            self._kafka.pause(partition)
            self._buried.add(partition)
            earlier = self._blocked.get(partition)
            pause = min(earlier.pause * 2, LAST_RETRY) if earlier else FIRST_RETRY
            self._blocked[partition] = Blocked(record, before, self._monotonic() + pause, pause)

    def _retry(self) -> None:
        for partition, blocked in list(self._blocked.items()):
            if self._monotonic() < blocked.again_at:
                continue
            self._take(partition, [blocked.record])
            if partition in self._places and self._places[partition] != blocked.before:
                del self._blocked[partition]
                self._kafka.seek(partition, self._places[partition].next_offset)
                self._kafka.resume(partition)

    def _tell_of_idleness(self, *, idle: bool) -> None:
        now = self._monotonic()
        if not idle:
            self._assigned_at = now
        elif now - self._assigned_at > NO_ASSIGNMENT:
            self._alert(
                f"No partition was assigned for {NO_ASSIGNMENT:g} s. Is there such a topic? Are "
                "there more members than partitions? Otherwise start this one anew."
            )
            self._assigned_at = now

    def _hint(self, *, now: bool = False) -> None:
        if not now and self._monotonic() - self._hinted_at < HINT_EVERY:
            return
        self._hinted_at = self._monotonic()
        if not now:
            self._notice_restarts()
        offsets = {
            each: OffsetAndMetadata(at.next_offset, "", -1) for each, at in self._places.items()
        }
        with suppress(KafkaError):
            if offsets and now:
                self._kafka.commit(offsets, timeout_ms=2_000)
            elif offsets:
                self._kafka.commit_async(offsets)


class Blocked(NamedTuple):
    """A record on which its partition waits."""

    record: Any
    before: Place
    again_at: float
    pause: float
