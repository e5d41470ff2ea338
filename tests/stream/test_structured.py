"""Events in JSON say what the stream's records say."""

import json

from engine.stream.cloud_events import Teller, header_of
from engine.stream.structured import Structured
from tests.stream.ledger import Ledger


def test_an_event_has_the_attributes_of_its_record_and_the_stored_state(ledger: Ledger) -> None:
    ledger.grow_everywhere(3)
    store = ledger.opened.store.identity
    teller, structured = Teller(store), Structured(store)
    for entry in ledger.entries():
        if entry.row is not None:
            record, (octets,) = teller.record(entry), structured.encoded([entry])
            told = json.loads(octets)
            assert told.pop("data") == json.loads(record.value)
            assert octets.endswith(b',"data":' + record.value + b"}")
            of_record = {name: text.decode() for name, text in record.headers}
            assert {header_of(name): text for name, text in told.items()} == of_record


def test_names_that_json_must_escape_come_back_as_they_were(ledger: Ledger) -> None:
    hostile = 'w"\\\n\u2028<é'
    ledger.grow(1, hostile)
    structured = Structured(ledger.opened.store.identity)
    told = list(map(json.loads, structured.encoded(each for each in ledger.entries() if each.row)))
    assert {each["partitionkey"] for each in told} == {hostile}
    assert all(each["subject"].startswith(f"{hostile}:") for each in told)
