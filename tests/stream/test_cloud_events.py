"""An entry is told as a CloudEvent that anybody's program reads back as it was."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as TheirEvent

from engine.ports.log import Entry, StoreIdentity
from engine.stream.cloud_events import CloudEvent, Teller, instant, name_of, type_of
from events.catalogue import CorruptEvent
from tests.law.story import start
from tests.observing.watched import watched
from tests.stream.told import TELLER, Commands, breaches, entries_of, headers_of
from tests.stream_contract import examples
from tests.workplace import much_happens

ENTRIES = [*examples()]
EVENTS = [each for each in ENTRIES if each.row]
EMPTY = ENTRIES[-1]


def title(entry: Entry) -> str:
    return name_of(entry.row[3] if entry.row else "EnvelopeWithoutEvents")


def rejected(entry: Entry, code: str, message: str) -> Entry:
    refusal = json.dumps({"code": code, "message": message})
    return entry._replace(envelope=entry.envelope._replace(rejection=refusal))


# As somebody else's library reads it.


def message_of(record: CloudEvent) -> KafkaMessage:
    return KafkaMessage(dict(record.headers), record.key, record.value)


def read(record: CloudEvent) -> TheirEvent:
    event = from_binary(message_of(record), JSONFormat())
    assert isinstance(event, TheirEvent)
    return event


@pytest.mark.parametrize("entry", ENTRIES, ids=title)
def test_the_cloudevents_library_reads_a_record_as_it_was_told(entry: Entry) -> None:
    record = TELLER.record(entry)

    event = read(record)

    told = {name.removeprefix("ce_"): text for name, text in headers_of(record).items()}
    told["datacontenttype"] = told.pop("content-type")
    told.pop("traceparent")
    attributes: dict[str, Any] = event.get_attributes()
    assert attributes == told | {"time": datetime.fromisoformat(told["time"])}
    assert event.get_data() == json.loads(record.value)


@pytest.mark.parametrize("entry", ENTRIES, ids=title)
def test_the_cloudevents_library_would_write_it_under_the_same_key(entry: Entry) -> None:
    record = TELLER.record(entry)

    again = to_binary(read(record), JSONFormat())

    assert again.key == record.key.decode()
    ours = dict(record.headers)
    assert {*again.headers} == {*ours} - {"traceparent"}
    assert {name: again.headers[name] for name in again.headers if name != "ce_time"} == {
        name: ours[name] for name in again.headers if name != "ce_time"
    }


# What it says.


@pytest.mark.parametrize("entry", EVENTS, ids=title)
def test_the_value_of_an_event_is_its_state_octet_for_octet(entry: Entry) -> None:
    assert entry.row is not None
    assert TELLER.record(entry).value == entry.row[4]


def test_an_event_says_its_place_in_stream_log_and_order() -> None:
    state = b'{"occurred_at":"2026-03-02T12:30:15Z"}'
    row = (41, "acme:slot:s1", 3, "SlotTaken/2", state)
    envelope = EMPTY.envelope._replace(
        first_position=40, event_count=2, causation_id="acme:c.0", rejection=None
    )
    record = TELLER.record(Entry(44, envelope, row))

    assert record.key == b"acme"
    assert headers_of(record) == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": "5707e.2:41",
        "ce_source": "urn:sendledger:store:5707e",
        "ce_type": "sendledger.SlotTaken.v2",
        "ce_dataschema": "urn:sendledger:schema:sendledger.SlotTaken.v2",
        "ce_entry": "00000000000000000044",
        "ce_time": "2026-03-02T12:30:15.000000Z",
        "ce_subject": "acme:slot:s1",
        "ce_streamversion": "3",
        "ce_sequence": "00000000000000000041",
        "ce_recordedtime": "2026-03-02T12:30:15.200000Z",
        "ce_partitionkey": "acme",
        "ce_commandid": "command-1",
        "ce_command": "ExampleCommand",
        "ce_place": "40/2",
        "ce_correlationid": "command-1",
        "ce_causationid": "acme:c.0",
        "ce_actor": "user:kim",
        "traceparent": headers_of(record)["traceparent"],
    }


def test_an_envelope_without_events_has_an_id_that_no_event_has() -> None:
    record = TELLER.record(EMPTY._replace(number=41))

    assert headers_of(record)["ce_id"] == "5707e.2:entry:41"
    assert "ce_sequence" not in headers_of(record)
    assert "ce_subject" not in headers_of(record)


def test_every_resend_says_the_same_and_another_generation_does_not() -> None:
    again, later = Teller(StoreIdentity("5707e", 2)), Teller(StoreIdentity("5707e", 3))

    for entry in ENTRIES:
        assert again.record(entry) == TELLER.record(entry)
        ids = [headers_of(teller.record(entry))["ce_id"] for teller in (TELLER, later)]
        assert len({*ids}) == 2


def test_texts_of_any_script_are_told_in_utf_8() -> None:
    odd = EMPTY._replace(envelope=EMPTY.envelope._replace(workspace="møbler", actor="user:李"))

    record = TELLER.record(odd)

    assert record.key.decode() == "møbler"
    assert headers_of(record)["ce_actor"] == "user:李"
    assert read(record).get_extension("actor") == "user:李"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), "2026-03-02T12:00:00.000000Z"),
        (datetime(33, 4, 3, 15, tzinfo=UTC), "0033-04-03T15:00:00.000000Z"),
        (
            datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2))),
            "2026-03-02T10:00:00.000000Z",
        ),
    ],
)
def test_times_in_headers_are_of_one_length_and_in_utc(moment: datetime, text: str) -> None:
    assert instant(moment) == text


def test_a_topic_without_a_version_is_of_version_1() -> None:
    assert type_of("SlotOccupied") == "sendledger.SlotOccupied.v1"
    assert type_of("SlotOccupied/12") == "sendledger.SlotOccupied.v12"


# Refusals.


@pytest.mark.rule("F1")
def test_of_a_refusal_the_code_is_told_and_not_what_was_typed() -> None:
    record = TELLER.record(rejected(EMPTY, "unknown_recipient", "There is no eve@planted.test."))

    assert json.loads(record.value)["rejection"] == {"code": "unknown_recipient"}
    assert headers_of(record)["ce_rejection"] == "unknown_recipient"
    assert b"planted" not in b"".join([record.value, *(text for _, text in record.headers)])


def test_an_event_of_a_refused_command_says_so() -> None:
    record = TELLER.record(rejected(EVENTS[0], "still_failing", "The check still fails."))

    assert headers_of(record)["ce_rejection"] == "still_failing"
    assert "ce_rejection" not in headers_of(TELLER.record(EVENTS[0]))


def test_a_command_without_effect_tells_of_no_refusal() -> None:
    record = TELLER.record(EMPTY._replace(envelope=EMPTY.envelope._replace(rejection=None)))

    assert "rejection" not in json.loads(record.value)
    assert "causation_id" not in json.loads(record.value)
    assert breaches(record) == []


# A whole history.


def test_every_record_of_a_history_keeps_to_the_published_contract() -> None:
    commands = Commands()
    workplace = much_happens(watched(commands))
    assert workplace.tell(start("nowhere")).refusal is not None

    entries = entries_of(workplace.store, commands.without_events)
    records = [TELLER.record(each) for each in entries]

    assert [found for record in records for found in breaches(record)] == []
    assert len({headers_of(each)["ce_id"] for each in records}) == len(records)
    types = {headers_of(each)["ce_type"] for each in records}
    assert len(types) > 30
    assert "sendledger.EnvelopeWithoutEvents.v1" in types
    ordered = [headers_of(each)["ce_entry"] for each in records]
    assert ordered == sorted(ordered)
    sequence = [headers_of(each).get("ce_sequence", "") for each in records]
    assert [each for each in sequence if each] == [
        f"{position:020}" for position in range(1, workplace.store.last_position() + 1)
    ]


@pytest.mark.parametrize(
    "state",
    [b"", b"{}", b"[]", b'{"occurred_at":7}', b'{"occurred_at":"soon"}', b"\xff", None],
    ids=repr,
)
def test_a_state_that_cannot_be_read_stops_the_teller_at_its_position(state: Any) -> None:
    row = (7, "acme:slot:s1", 2, "SlotOccupied", state)

    with pytest.raises(CorruptEvent, match=r"at position 7 \(acme:slot:s1, version 2\)"):
        TELLER.record(Entry(6, EMPTY.envelope, row))
