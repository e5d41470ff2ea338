"""What was told is read back as it was; what nobody of ours has told is refused, and named."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stores.memory import MemoryStore
from engine.ports.clock import ManualClock
from engine.ports.log import Entry
from engine.stream.cloud_events import CloudEvent, name_of
from engine.stream.headers import COMMON, OF_EVENTS
from engine.stream.reading import NOT_TOLD, Reader, Told, UnreadableRecord
from events.catalogue import UnknownTopic
from tests.law.story import NOON, start
from tests.stream.told import STORE, TELLER
from tests.stream_contract import examples
from tests.workplace import Workplace, much_happens

ENTRIES = [*examples()]
EVENT, EMPTY = ENTRIES[0], ENTRIES[-1]
RECORDS = {"event": TELLER.record(EVENT), "empty": TELLER.record(EMPTY)}


FREE = {"ce_actor", "ce_causationid", "ce_command", "ce_rejection"}
"""Nothing else in the record says what must stand there."""


def title(entry: Entry) -> str:
    return name_of(entry.row[3] if entry.row else "EnvelopeWithoutEvents")


def without_sentence(entry: Entry) -> Entry:
    if entry.envelope.rejection is None:
        return entry
    refusal = {**json.loads(entry.envelope.rejection), "message": NOT_TOLD}
    return entry._replace(envelope=entry.envelope._replace(rejection=json.dumps(refusal)))


def changed(record: CloudEvent, name: str, text: bytes | None) -> CloudEvent:
    """With another header, or without it."""
    kept = [each for each in record.headers if each[0] != name]
    return record._replace(headers=kept if text is None else [*kept, (name, text)])


def refusal_of(record: CloudEvent) -> str:
    with pytest.raises(UnreadableRecord) as raised:
        Reader().read(record)
    return str(raised.value)


@pytest.mark.parametrize("entry", ENTRIES, ids=title)
def test_an_entry_is_read_back_as_it_was_but_for_the_sentence_of_a_refusal(entry: Entry) -> None:
    assert Reader().read(TELLER.record(entry)) == Told(STORE, without_sentence(entry))


def test_a_history_is_read_back_and_events_of_one_command_share_their_envelope() -> None:
    workplace = much_happens(Workplace(MemoryStore(clock := ManualClock(NOON)), clock))
    workplace.tell(start())
    entries = workplace.store.entries(-1, 10_000)
    reader = Reader()

    found = [reader.read(TELLER.record(each)).entry for each in entries]

    assert found == [without_sentence(each) for each in entries]
    assert len({id(each.envelope) for each in found}) == len({each.envelope for each in found})


def test_headers_that_a_newer_program_adds_are_passed_over() -> None:
    record = RECORDS["event"]
    more = record._replace(headers=[*record.headers, ("ce_colour", b"blue")])

    assert Reader().read(more) == Reader().read(record)


ODD = [b"", b"\xff", b"x", "٣".encode(), b"9" * 5_000, b"0", None]
CASES = [
    (kind, name, text)
    for kind, record in RECORDS.items()
    for name in (*COMMON, *OF_EVENTS)
    for text in (ODD[:2] if name in FREE else ODD)
    if dict(record.headers).get(name) != text
]


@pytest.mark.parametrize(("kind", "name", "text"), CASES)
def test_a_header_that_is_not_as_it_must_be_is_named(
    kind: str, name: str, text: bytes | None
) -> None:
    with pytest.raises((UnreadableRecord, UnknownTopic)) as raised:
        Reader().read(changed(RECORDS[kind], name, text))

    said = str(raised.value)
    assert len(said) < 400
    if isinstance(raised.value, UnreadableRecord):
        assert re.search(r"(header \S+|the key|the value) ", said)
        number = (EVENT if kind == "event" else EMPTY).number
        if name != "ce_entry":
            assert said.startswith(f"Entry {number} of the stream cannot be read: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ce_time", b"2026-13-02T12:30:15.000000Z"),
        ("ce_recordedtime", b"2026-13-02T12:30:15.000000Z"),
        ("ce_recordedtime", b"2026-03-02T12:30:15.000000+00:00"),
        ("ce_id", b"5707e.2:999"),
        ("ce_source", b"urn:sendledger:store:another"),
        ("ce_streamversion", b"0000000000000000000000001"),
        ("ce_streamversion", b"99999999999999999999"),
        ("ce_sequence", b"00000000000000000099"),
        ("ce_entry", b"99999999999999999999"),
        ("ce_place", b"0/1"),
        ("ce_place", b"1/0"),
        ("ce_rejection", b"Ben <ben@x.test>"),
        ("ce_command", b"Drop Table"),
        ("traceparent", b"00-0-0-01"),
        ("ce_dataschema", b"urn:other"),
        ("ce_specversion", b"2.0"),
    ],
)
def test_a_header_that_contradicts_the_rest_is_refused(name: str, text: bytes) -> None:
    assert "header " in refusal_of(changed(RECORDS["event"], name, text))


def test_a_header_twice_is_refused_and_named() -> None:
    record = RECORDS["event"]
    twice = record._replace(headers=[*record.headers, ("ce_actor", b"user:eve")])

    assert "header ce_actor is there twice" in refusal_of(twice)


def test_an_events_header_does_not_belong_to_an_envelope_without_events() -> None:
    record = RECORDS["empty"]
    strange = record._replace(headers=[*record.headers, ("ce_streamversion", b"1")])

    assert "header ce_streamversion" in refusal_of(strange)


def test_an_event_in_a_stream_of_another_workspace_is_refused() -> None:
    assert "header ce_subject is no stream of the workspace" in refusal_of(
        changed(RECORDS["event"], "ce_subject", b"beta:account:a")
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record._replace(key=b"beta"),
        lambda record: record._replace(value=b"{}"),
        lambda record: record._replace(value=b"\xff"),
        lambda record: record._replace(value=b"[" * 100_000),
    ],
)
@pytest.mark.parametrize("kind", RECORDS)
def test_a_key_and_a_value_of_somebody_else_are_refused(
    change: Callable[[CloudEvent], CloudEvent], kind: str
) -> None:
    assert re.search("the (key|value) is ", refusal_of(change(RECORDS[kind])))


def test_an_event_of_a_newer_program_asks_for_that_program() -> None:
    with pytest.raises(UnknownTopic, match=r"'Invented' at entry 0 of the stream.*Upgrade"):
        Reader().read(changed(RECORDS["event"], "ce_type", b"sendledger.Invented.v1"))


@given(st.data())
def test_whatever_stands_in_a_record_is_refused_or_would_be_told_again_alike(
    data: st.DataObject,
) -> None:
    record = TELLER.record(data.draw(st.sampled_from(ENTRIES)))
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from([*COMMON, *OF_EVENTS]))
        others = [dict(each.headers).get(name, b"") for each in map(TELLER.record, ENTRIES)]
        record = changed(record, name, data.draw(st.binary(max_size=30) | st.sampled_from(others)))
    try:
        told = Reader().read(record)
    except (UnreadableRecord, UnknownTopic):
        return
    again = type(TELLER)(told.store).record(told.entry)
    assert {*again.headers} == {*record.headers}
    assert (again.key, again.value) == (record.key, record.value)
