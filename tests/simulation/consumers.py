"""Consumers of the topic: production's, in a group of two, with a database of their own."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from kafka.errors import KafkaError

from adapters.kafka.consumer.again import redrive, start_over
from adapters.kafka.consumer.consumer import Consumer, Poison, PositionLost
from adapters.kafka.consumer.effect import Effect, Together
from adapters.kafka.consumer.event import Event, event_of
from adapters.kafka.consumer.inbox import Inbox, SQLiteInbox
from adapters.kafka.consumer.keeping import keep, make_table, undo
from tests.proof.fragile import CrashPoint
from tests.simulation.broker import TOPICS, Broker, Client, Reader
from tests.simulation.company import MEMBERS
from tests.simulation.machine import SOON, Machine, Process
from tests.simulation.plan import Item
from tests.simulation.topic import TopicInMemory

AGAIN = 2.0
"""Seconds until a consumer that ended is started again."""
POISONED_ONE_IN = 7
SEEN = "CREATE TABLE seen (source text, entry bigint, topic text, partition integer, at bigint)"
SEE = "INSERT INTO seen VALUES (%s, %s, %s, %s, %s)"
UNSEE = "DELETE FROM seen WHERE topic = %s AND partition = %s AND at >= %s"


class Sink:
    """The database of a group. ``epoch`` grows when a backup takes its place."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.inbox = SQLiteInbox(":memory:", "sim")
        self.epoch = 0
        self.backup: bytes | None = None
        self.fails_until = 0.0
        make_table(self.inbox)
        with self.inbox.transaction() as c:
            c.execute(SEEN)

    def back_up(self) -> None:
        self.backup = self.inbox._connection.serialize()

    def restore(self) -> None:
        if self.backup is not None:
            self.inbox._connection.deserialize(self.backup)
            self.epoch += 1
            self.machine.faults["consumer's backup restored"] += 1

    def effect(self, event: Event, inbox: Inbox, c: Any) -> None:
        """A row for each event; two for one that comes twice."""
        self._fail(event)
        values = event.source, event.entry, event.topic, event.partition, event.offset
        keep(event, inbox, c)
        inbox.execute(c, SEE, values)

    def effects(self, events: Sequence[Event], inbox: Inbox, c: Any) -> None:
        for each in events:
            self.effect(each, inbox, c)

    def fail_for(self, seconds: float) -> None:
        self.fails_until = self.machine.seconds + seconds

    def _fail(self, event: Event) -> None:
        if self.machine.seconds < self.fails_until and event.entry % POISONED_ONE_IN == 0:
            self.machine.faults["poison"] += 1
            raise OSError("what the effect needs is not there")

    def undo(self, inbox: Inbox, c: Any, topic: str, partition: int, offset: int) -> None:
        undo(inbox, c, topic, partition, offset)
        inbox.execute(c, UNSEE, (topic, partition, offset))

    def close(self) -> None:
        self.inbox.close()


class Reached(Inbox):
    """The database as one process reaches it. Transactions of others come before or after."""

    LOST = SQLiteInbox.LOST

    def __init__(self, sink: Sink, process: Process) -> None:
        super().__init__(sink.inbox.group)
        self._sink, self._process, self._epoch = sink, process, sink.epoch

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        self._process.give_way()
        if self._epoch != self._sink.epoch:
            raise sqlite3.OperationalError("the connection is lost")
        with self._sink.inbox.transaction() as c:
            yield c
            self._pass_by(CrashPoint.BEFORE_COMMIT)
        self._pass_by(CrashPoint.AFTER_COMMIT)
        self._process.give_way()

    def _pass_by(self, point: CrashPoint) -> None:
        process = self._process
        if process.loses is point and not process.machine.quiet:
            process.loses = None
            process.machine.faults[f"consumer: lost {point.name.lower()}"] += 1
            raise sqlite3.OperationalError("the connection is lost")

    def execute(self, c: Any, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._sink.inbox.execute(c, statement, values)

    def close(self) -> None: ...


class Group:
    """``told``: how its members are set, as the plan has it."""

    def __init__(self, machine: Machine, topic: TopicInMemory, told: dict[str, Any]) -> None:
        self.machine, self._topic, self._told = machine, topic, told
        self.sink, self.broker = Sink(machine), Broker(topic)
        self.running: dict[str, Consumer] = {}
        self._number = topic.number
        self._stale = False
        """The topic was made anew, and nobody has started over."""
        self.processes = [Process(machine, name, self._live) for name in MEMBERS]
        topic.on_news.append(self._hear)

    def _hear(self) -> None:
        for each in self.processes:
            each.wake(SOON if self.machine.quiet else self._told["lag"])
        if self._topic.number != self._number:
            self._number, self._stale = self._topic.number, True
            self.machine.at(self.machine.seconds + self._told["notices"], self.start_over)

    def _live(self, process: Process) -> None:
        while True:
            try:
                with self._made(process) as consumer:
                    self.running[process.name] = consumer
                    consumer.run()
            except (PositionLost, KafkaError, *Reached.LOST):
                process.pause(AGAIN)

    def _made(self, process: Process) -> Consumer:
        sink, told = self.sink, self._told
        effect: Effect | Together = Together(sink.effects) if told["together"] else sink.effect
        return Consumer(
            "sim",
            into=Reached(sink, process),
            group=sink.inbox.group,
            effect=effect,
            topics=TOPICS,
            poison=Poison(told["poison"]),
            instance=process.name if told["static"] else None,
            alert=lambda _: None,
            at_once=told["at_once"],
            join=lambda _kafka, member, _, found: Client(self.broker, process, member, found),
            monotonic=self.machine.monotonic,
        )

    # What operators do.

    def start_over(self, position: int | None = None) -> None:
        """With all of it where the topic was made anew: no backup and no position is of use."""
        if self._stale:
            position, self.sink.backup, self._stale = None, None, False
        if position is not None:
            position = min([position, *self._come_next()])
        client = partial(Reader, self.broker)
        start_over("sim", self.sink.inbox, TOPICS, self.sink.undo, position=position, client=client)
        self.machine.faults["started over"] += 1
        for each in self.processes:
            each.wake()

    def _come_next(self) -> Iterator[int]:
        """Positions after which nobody may start over: something would be left out."""
        for partition, log in self.broker.logs.items():
            at = self.sink.inbox.place(partition)
            records = log[at.next_offset if at else 0 :]
            yield from (event_of(each).position for each in records[:2] if each is not None)

    def restart(self, name: str) -> None:
        if name in self.running:
            self.running[name].stop()
        next(each for each in self.processes if each.name == name).wake()

    def redrive(self) -> None:
        redrive(self.sink.inbox, self.sink.effect)

    # What must hold.

    def lacks(self) -> str:
        """What its rows have otherwise than the topic. Empty where all is as it must be."""
        told = {_row(record) for _, record in self._topic.records}
        with self.sink.inbox.transaction() as c:
            rows = c.execute("SELECT source, entry, id, value FROM consumed_events").fetchall()
            order = c.execute("SELECT workspace, topic, entry FROM consumed_events ORDER BY rowid")
            places = order.fetchall()
            (seen,) = c.execute("SELECT count(*) FROM seen").fetchone()
        letters = self.sink.inbox.dead_letters()
        if letters:
            return f"{len(letters)} records are dead letters: {letters[0].error}"
        if {*rows} != told:
            return f"{len(rows)} rows of {len(told)} events, {len({*rows} ^ told)} of them differ"
        if seen != len(rows):
            return f"{seen} effects of {len(rows)} events"
        return "" if self._told["poison"] == "pass" else _disorder(places)


class Consuming:
    """What a plan may tell of consumers; nothing where it has none."""

    def __init__(self, machine: Machine, topic: TopicInMemory) -> None:
        self._machine, self._topic = machine, topic
        self.group: Group | None = None

    def consume(self, told: dict[str, Any]) -> Sequence[Process]:
        self.group = Group(self._machine, self._topic, told)
        return self.group.processes

    def act(self, kind: str) -> Callable[[Item], object] | None:
        group = self.group
        if group is None:
            return None
        acts: dict[str, Callable[[dict[str, Any]], object]] = {
            "restart_consumer": lambda told: group.restart(told["process"]),
            "effects_fail": lambda told: group.sink.fail_for(told["seconds"]),
            "back_up_sink": lambda _: group.sink.back_up(),
            "restore_sink": lambda _: group.sink.restore(),
            "start_over": lambda told: group.start_over(told["position"]),
        }
        return (lambda item: acts[kind](item.told)) if kind in acts else None


def _row(record: Any) -> tuple[str, int, str, str]:
    headers = {name: text.decode() for name, text in record.headers}
    return headers["ce_source"], int(headers["ce_entry"]), headers["ce_id"], record.value.decode()


def _disorder(places: Sequence[tuple[str, str, int]]) -> str:
    last: dict[tuple[str, str], int] = {}
    for workspace, topic, entry in places:
        if last.get((workspace, topic), -1) > entry:
            return f"entry {entry} of {workspace} had its effect after a later one"
        last[workspace, topic] = entry
    return ""
