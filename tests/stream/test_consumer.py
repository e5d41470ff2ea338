"""The reference consumer has every event's effect once, in its own database's transactions."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaProducer

from adapters.kafka.consumer import keeping
from adapters.kafka.consumer.again import redrive, start_over
from adapters.kafka.consumer.consumer import Consumer, Poison, PositionLost
from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox, inbox_at
from engine.ports.log import Entry
from tests.stream.broker import NamedBroker
from tests.stream.ledger import WORKSPACES, Ledger
from tests.stream.test_relay import delete, relay_all
from tests.worker.processes import eventually


@pytest.fixture(params=["sqlite", "postgresql"])
def into(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rows.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger(str(tmp_path / "store.db")) as found:
        yield found


def rows(into: str, table: str = "consumed_events", what: str = "entry") -> list[Any]:
    query = f"SELECT {what} FROM {table} ORDER BY {what}"  # noqa: S608 our own words
    if into.startswith("postgresql"):
        with psycopg.connect(into) as connection:
            found = connection.execute(query.encode()).fetchall()
    else:
        with closing(sqlite3.connect(into.removeprefix("sqlite:///"))) as file:
            found = file.execute(query).fetchall()
    return [each[0] if len(each) == 1 else each for each in found]


def events(ledger: Ledger) -> list[Entry]:
    return [each for each in ledger.entries() if each.row is not None]


def numbers(ledger: Ledger) -> list[int]:
    return [each.number for each in events(ledger)]


def make_table(into: str, group: str = "rows") -> None:
    with closing(inbox_at(into, group)) as inbox:
        keeping.make_table(inbox)


def consumer(broker: NamedBroker, into: str, topic: str, **more: Any) -> Consumer:
    make_table(into)
    given = {"effect": keeping.keep, "alert": lambda _: None, "topics": [topic], **more}
    return Consumer(broker.address, into=into, group="rows", **given)


def consume(
    broker: NamedBroker, into: str, topic: str, until: Callable[[], bool], **more: Any
) -> None:
    with consumer(broker, into, topic, **more) as found:

        def turned() -> bool:
            found.turn()
            return until()

        eventually(turned)


def test_every_event_becomes_one_row_and_a_second_run_adds_what_is_new(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    for _ in range(2):
        ledger.grow_everywhere(20)
        relay_all(ledger, broker, topic)
        consume(broker, into, topic, lambda: len(rows(into)) >= len(numbers(ledger)))

    assert rows(into) == numbers(ledger)
    values = dict(rows(into, what="entry, value"))
    assert all(values[each.number].encode() == each.row[4] for each in events(ledger) if each.row)


def test_the_database_decides_and_not_the_group(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, tmp_path: Path
) -> None:
    ledger.grow_everywhere(5)
    relay_all(ledger, broker, topic)
    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))
    other = f"{tmp_path}/restored.db"

    consume(broker, other, topic, lambda: rows(other) == numbers(ledger))

    assert rows(other) == numbers(ledger)


def test_two_members_share_the_work_and_one_goes_on_alone(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    with consumer(broker, into, topic) as one:
        with consumer(broker, into, topic) as two:

            def both() -> bool:
                one.turn()
                two.turn()
                return bool(one.partitions and two.partitions and len(rows(into)) > 100)

            eventually(both)
            assert not one.partitions & two.partitions
        ledger.grow_everywhere(20)
        relay_all(ledger, broker, topic)
        eventually(lambda: one.turn() >= 0 and len(rows(into)) >= len(numbers(ledger)))
    assert rows(into) == numbers(ledger)


@pytest.mark.parametrize("at_once", [3, 500])
def test_a_process_that_was_overtaken_keeps_nothing_and_goes_on_from_the_database(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, at_once: int
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    with consumer(broker, into, topic, at_once=at_once) as older:
        eventually(lambda: older.turn() >= 0 and rows(into) == numbers(ledger))
        ledger.grow_everywhere(20)
        relay_all(ledger, broker, topic)
        with closing(inbox_at(into, "rows")) as inbox:
            start_over(broker.address, inbox, [topic], keeping.undo)
        assert rows(into) == []

        eventually(lambda: older.turn() >= 0 and len(rows(into)) >= len(numbers(ledger)))
    assert rows(into) == numbers(ledger)


def test_a_partition_without_news_starts_over_as_well(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(5)
    relay_all(ledger, broker, topic)
    with consumer(broker, into, topic) as older:
        eventually(lambda: older.turn() >= 0 and rows(into) == numbers(ledger))
        with closing(inbox_at(into, "rows")) as inbox:
            start_over(broker.address, inbox, [topic], keeping.undo)
        assert rows(into) == []

        eventually(lambda: older.turn() >= 0 and rows(into) == numbers(ledger))


def test_it_starts_over_from_a_position_or_a_time(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    middle = datetime.now(UTC)
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))
    positions = {each.number: each.row[0] for each in events(ledger) if each.row}

    with closing(inbox_at(into, "rows")) as inbox:
        start_over(broker.address, inbox, [topic], keeping.undo, position=101)
        assert rows(into) == [number for number, at in positions.items() if at < 101]
        start_over(broker.address, inbox, [topic], keeping.undo)
        assert rows(into) == []
    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))
    with closing(inbox_at(into, "rows")) as inbox:
        start_over(broker.address, inbox, [topic], keeping.undo, at=middle)
    earlier = [each.number for each in events(ledger) if each.envelope.recorded_at < middle]
    assert rows(into) == earlier
    consume(broker, into, topic, lambda: len(rows(into)) >= len(numbers(ledger)))
    assert rows(into) == numbers(ledger)


def test_one_workspace_alone(broker: NamedBroker, ledger: Ledger, topic: str, into: str) -> None:
    ledger.grow_everywhere(5)
    relay_all(ledger, broker, topic)
    wanted = [each.number for each in events(ledger) if each.envelope.workspace == WORKSPACES[3]]

    consume(broker, into, topic, lambda: rows(into) == wanted, workspace=WORKSPACES[3])

    assert wanted


class Poisoned(Exception):
    """Of one event."""


def poisoned_at(sequence: int) -> Callable[[Event, Inbox, Any], None]:
    """The usual effect, and then an error: nothing of it may be kept."""

    def effect(event: Event, inbox: Inbox, c: Any) -> None:
        keeping.keep(event, inbox, c)
        if event.sequence == sequence:
            raise Poisoned("it cannot be taken")

    return effect


def test_poison_is_passed_over_kept_and_can_be_taken_again(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    poison = next(each for each in events(ledger) if each.row and each.row[0] == 50)
    rest = [each for each in numbers(ledger) if each != poison.number]
    told: list[str] = []

    consume(
        *(broker, into, topic, lambda: len(rows(into)) >= len(rest)),
        effect=poisoned_at(50),
        poison=Poison.PASS,
        alert=told.append,
    )

    assert rows(into) == rest
    with closing(inbox_at(into, "rows")) as inbox:
        (letter,) = inbox.dead_letters()
        assert letter.topic == topic
        assert letter.passed
        assert letter.error == "Poisoned: it cannot be taken"
        assert poison.row is not None
        assert letter.value == poison.row[4]
        assert redrive(inbox, poisoned_at(50)) == (0, 1)
        assert redrive(inbox, keeping.keep) == (1, 0)
        assert inbox.dead_letters() == []
    assert rows(into) == numbers(ledger)
    assert f"partition {letter.partition}, offset {letter.offset}" in told[0]


def test_poison_blocks_its_partition_alone_until_it_can_be_taken(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    poison = next(each for each in events(ledger) if each.row and each.row[0] == 50)
    others = [
        each.number
        for each in events(ledger)
        if each.envelope.workspace != poison.envelope.workspace
    ]

    def tried_twice() -> bool:
        with closing(inbox_at(into, "rows")) as inbox:
            return any(each.attempts >= 2 and not each.passed for each in inbox.dead_letters())

    consume(broker, into, topic, tried_twice, effect=poisoned_at(50))
    assert poison.number not in rows(into)
    of_poisoned = [each for each in numbers(ledger) if each not in others]
    assert [each for each in rows(into) if each in of_poisoned] == [
        each for each in of_poisoned if each < poison.number
    ]

    consume(broker, into, topic, lambda: len(rows(into)) >= len(numbers(ledger)))
    assert rows(into) == numbers(ledger)
    assert rows(into, "inbox_dead_letters", "partition") == []


def test_poison_that_begins_a_transaction_is_no_dead_letter_once_it_had_its_effect(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    """Before its offset is that of the marker which ends the transaction before."""
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    poison = len(events(ledger)) + 1
    ledger.grow(5)
    relay_all(ledger, broker, topic)

    def blocked() -> bool:
        return rows(into, "inbox_dead_letters", "passed") == [False]

    consume(broker, into, topic, blocked, effect=poisoned_at(poison))
    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))

    assert rows(into, "inbox_dead_letters", "partition") == []


def test_starting_over_leaves_no_dead_letter_of_what_comes_again(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    last = len(events(ledger))
    consume(
        *(broker, into, topic, lambda: len(rows(into)) == last - 1),
        effect=poisoned_at(3),
        poison=Poison.PASS,
    )
    with closing(inbox_at(into, "rows")) as inbox:
        start_over(broker.address, inbox, [topic], keeping.undo, position=4)
        assert len(inbox.dead_letters()) == 1, "it does not come again"
        start_over(broker.address, inbox, [topic], keeping.undo, position=2)
        assert inbox.dead_letters() == []

    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))


def test_a_blocked_partition_that_was_started_over_is_positioned_anew(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    """It may belong to another member by the next poll: then nothing of it may be tried again."""
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    with consumer(broker, into, topic, effect=poisoned_at(3)) as member:

        def blocked() -> bool:
            member.turn()
            return bool(member._blocked)

        eventually(blocked)
        with closing(inbox_at(into, "rows")) as inbox:
            start_over(broker.address, inbox, [topic], keeping.undo, position=4)
        member._notice_restarts()
        assert not member._blocked


def test_refusals_that_had_no_effect_have_it_after_starting_over_at_a_position(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow(5)
    middle = len(events(ledger)) + 1
    ledger.grow(5)  # there is such a campaign already
    relay_all(ledger, broker, topic)
    both = [topic, f"{topic}.refusals"]
    make_table(into)
    with closing(inbox_at(into, "rows")) as inbox:
        start_over(broker.address, inbox, both, keeping.undo, position=middle)

    wanted = [each.number for each in ledger.entries() if (each.row or [middle])[0] >= middle]
    consume(broker, into, topic, lambda: rows(into) == wanted, topics=both)

    assert any(each.row is None for each in ledger.entries())


def test_a_record_of_somebody_else_is_a_dead_letter(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)
    with KafkaProducer(bootstrap_servers=broker.address) as producer:
        producer.send(topic, key=b"w0", value=b"foreign").get(10)
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)

    consume(
        *(broker, into, topic, lambda: len(rows(into)) >= len(numbers(ledger))),
        poison=Poison.PASS,
    )

    assert rows(into) == numbers(ledger)
    with closing(inbox_at(into, "rows")) as inbox:
        (letter,) = inbox.dead_letters()
    assert letter.value == b"foreign"


def test_a_topic_that_was_made_anew_is_noticed(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    consume(broker, into, topic, lambda: rows(into) == numbers(ledger))
    delete(broker, topic)
    with Ledger(f"{ledger.settings.store}.other") as other:
        other.grow(1)
        relay_all(other, broker, topic)

    with pytest.raises(PositionLost, match="made anew"):
        consume(broker, into, topic, lambda: False)


def test_somebody_is_told_when_no_partition_is_assigned(
    broker: NamedBroker, topic: str, tmp_path: Path
) -> None:
    told: list[str] = []
    into = str(tmp_path / "rows.db")

    consume(broker, into, topic, lambda: bool(told), alert=told.append)

    assert "No partition was assigned" in told[0]
