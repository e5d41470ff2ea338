"""The relay tells every entry once, in order, and refuses topics that are not as they must be."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from adapters.kafka.access import KafkaAccess
from adapters.kafka.sink import KafkaSink
from engine.stream.errors import (
    EntryTooLarge,
    HistoriesDiffer,
    OtherStore,
    OtherTopic,
    StoreBehind,
    StreamLost,
    UnfitTopic,
)
from engine.stream.topics import refusals_of
from engine.work.relay import Relay
from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, everything, faults


@contextmanager
def relaying(
    ledger: Ledger,
    broker: NamedBroker,
    topic: str,
    *,
    run: int = 100,
    noticed: list[str] | None = None,
) -> Iterator[Relay]:
    told = noticed if noticed is not None else []
    sink = KafkaSink(KafkaAccess(broker.address), topic, ledger.source, told.append)
    with closing(sink):
        relay = Relay(ledger.opened.store, sink, ledger.mark, run=run)
        relay.begin()
        yield relay
        relay.close()


def relay_all(ledger: Ledger, broker: NamedBroker, topic: str, run: int = 100) -> None:
    with relaying(ledger, broker, topic, run=run) as relay:
        while relay.turn():
            pass


@contextmanager
def admin(broker: NamedBroker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.address) as found:
        yield found


def make(broker: NamedBroker, topic: str, partitions: int = 12, **configs: str) -> None:
    for name in (topic, refusals_of(topic)):
        make_one(broker, name, partitions, **configs)


def make_one(broker: NamedBroker, topic: str, partitions: int = 12, **configs: str) -> None:
    given = {"retention.ms": "-1", **{name.replace("_", "."): to for name, to in configs.items()}}
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": given}
    with admin(broker) as client:
        client.create_topics({topic: wanted}, wait_for_metadata=True)


def delete(broker: NamedBroker, topic: str) -> None:
    with admin(broker) as client:
        client.delete_topics([topic, refusals_of(topic)])
        while {topic, refusals_of(topic)} & {*client.list_topics()}:
            pass


def test_every_entry_is_told_once_and_in_order(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow_everywhere(40)
    relay_all(ledger, broker, topic)
    ledger.grow_everywhere(3)
    relay_all(ledger, broker, topic, run=7)

    entries = ledger.entries()
    seen = everything(broker.address, topic)

    assert faults(seen, len(entries)) == NONE
    values = {each.entry: each.value for each in seen}
    assert [values[each.number] for each in entries if each.row] == [
        each.row[4] for each in entries if each.row
    ]
    assert {each.topic for each in seen} == {topic, refusals_of(topic)}
    assert {each.entry for each in seen if each.topic == topic} == {
        each.number for each in entries if each.row
    }


def test_a_command_is_told_whole_however_large(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(40)
    ledger.grow(2, workspace="w1")
    ends = {
        each.number
        for each in ledger.entries()
        if each.row is None or each.row[0] == each.envelope.last_position
    }

    with relaying(ledger, broker, topic, run=7) as relay:
        reached = []
        while relay.turn():
            reached.append(relay.entry)

    assert len(reached) > 2
    assert set(reached) <= ends
    assert reached[-1] == ledger.opened.store.last_entry()


def test_the_store_remembers_its_topic_and_how_far_it_was_told(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)

    kept = ledger.mark.read()

    assert kept is not None
    assert kept.topic.name == topic
    assert kept.entry == ledger.opened.store.last_entry()


@pytest.mark.parametrize(
    ("configs", "lack"),
    [
        ({"cleanup_policy": "compact"}, "cleanup.policy is compact instead of delete"),
        ({"retention_ms": "604800000"}, "retention.ms is 604800000 instead of -1"),
        ({"retention_bytes": "1000000"}, "retention.bytes is 1000000 instead of -1"),
        ({"partitions": 3}, "it has 3 partitions instead of 12"),
    ],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_topic_that_is_not_as_it_must_be_is_refused_by_name(
    broker: NamedBroker, ledger: Ledger, topic: str, configs: dict[str, str], lack: str
) -> None:
    make(broker, topic, **configs)  # type: ignore[arg-type]

    with pytest.raises(UnfitTopic, match=lack), relaying(ledger, broker, topic):
        pass


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_topic_that_was_deleted_or_made_anew_is_refused(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)

    delete(broker, topic)
    with pytest.raises(OtherTopic, match="it is gone"), relaying(ledger, broker, topic):
        pass
    make(broker, topic)
    with pytest.raises(OtherTopic, match="is there"), relaying(ledger, broker, topic):
        pass

    ledger.mark.forget()
    relay_all(ledger, broker, topic)
    assert faults(everything(broker.address, topic), len(ledger.entries())) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_topic_that_is_made_anew_under_a_relay_ends_it(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    with relaying(ledger, broker, topic) as relay:
        while relay.turn():
            pass
        delete(broker, topic)
        make(broker, topic)
        ledger.grow(5)
        with pytest.raises(StreamLost):
            relay.turn()

    with pytest.raises(OtherTopic, match="is there"), relaying(ledger, broker, topic):
        pass


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_topics_that_a_relay_left_half_made_are_made_whole(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    make_one(broker, refusals_of(topic))

    relay_all(ledger, broker, topic)

    assert faults(everything(broker.address, topic), len(ledger.entries())) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_topic_whose_other_half_is_in_use_is_not_made_anew(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    with admin(broker) as client:
        client.delete_topics([topic])
    ledger.mark.forget()

    with pytest.raises(UnfitTopic, match="is in use"), relaying(ledger, broker, topic):
        pass


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_another_topic_is_refused(broker: NamedBroker, ledger: Ledger, topic: str) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    other = f"{topic}-other"
    make(broker, other)

    with pytest.raises(OtherTopic, match=topic), relaying(ledger, broker, other):
        pass


def test_a_topic_that_holds_another_store_is_refused(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: object
) -> None:
    with Ledger(f"{tmp_path}/other.db") as other:
        other.grow(5)
        relay_all(other, broker, topic)
    ledger.grow(5)

    with pytest.raises(OtherStore, match=ledger.source), relaying(ledger, broker, topic):
        pass


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_store_behind_its_topic_relays_nothing(
    broker: NamedBroker, ledger: Ledger, topic: str, tmp_path: object
) -> None:
    ledger.grow(5)
    store = ledger.opened.store
    backup = f"{tmp_path}/backup.db"
    with ledger.opened.store.writing() as c:  # type: ignore[attr-defined]
        c.execute("SELECT 1")
    import sqlite3

    with closing(sqlite3.connect(ledger.settings.store)) as source:
        source.execute("VACUUM INTO ?", (backup,))
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    told = store.last_entry()

    with Ledger(backup, prefix="other") as restored:
        with pytest.raises(StoreBehind, match=f"up to {told}"), relaying(restored, broker, topic):
            pass
        restored.grow(40)
        with pytest.raises(HistoriesDiffer), relaying(restored, broker, topic):
            pass
    assert faults(everything(broker.address, topic), told + 1) == NONE


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_records_of_somebody_else_are_noticed(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    noticed: list[str] = []
    ledger.grow(5)
    with relaying(ledger, broker, topic, noticed=noticed) as relay:
        while relay.turn():
            pass
        assert noticed == []
        _write_as_somebody_else(broker, topic)
        ledger.grow_everywhere(5)
        while relay.turn():
            pass
    assert len(noticed) == 1
    assert topic in noticed[0]

    _write_as_somebody_else(broker, topic)
    noticed.clear()
    with relaying(ledger, broker, topic, noticed=noticed):
        pass
    assert {*noticed} != set()


def _write_as_somebody_else(broker: NamedBroker, topic: str) -> None:
    with KafkaProducer(bootstrap_servers=broker.address) as producer:
        producer.send(topic, key=b"w0", value=b"{}").get(10)


def test_an_entry_is_told_under_the_generation_in_which_it_came(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    first = {each.entry: each.headers["ce_id"] for each in everything(broker.address, topic)}
    ledger.opened.store.raise_generation()
    ledger.grow(5)
    relay_all(ledger, broker, topic)
    ledger.mark.forget()
    relay_all(ledger, broker, f"{topic}-anew")

    told = {each.entry: each.headers["ce_id"] for each in everything(broker.address, topic)}
    anew = everything(broker.address, f"{topic}-anew")

    assert {each.entry: each.headers["ce_id"] for each in anew} == told
    assert first.items() < told.items()
    assert {each.partition(".")[2].partition(":")[0] for each in told.values()} == {"1", "2"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_entry_that_is_too_large_is_told_of_before_anything_is_sent(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    make(broker, topic, max_message_bytes="900")
    ledger.grow(5)

    with (
        pytest.raises(EntryTooLarge, match="takes 900 at most"),
        relaying(ledger, broker, topic) as relay,
    ):
        relay.turn()
    assert everything(broker.address, topic) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_older_of_two_relays_is_fenced(broker: NamedBroker, ledger: Ledger, topic: str) -> None:
    ledger.grow(50)
    with relaying(ledger, broker, topic, run=10) as older:
        older.turn()
        with relaying(ledger, broker, topic, run=10) as newer:
            newer.turn()
            with pytest.raises(StreamLost):
                older.turn()
            while newer.turn():
                pass
    assert faults(everything(broker.address, topic), len(ledger.entries())) == NONE
