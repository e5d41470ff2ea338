"""Which process folds an event is told by its bytes as surely as by the event itself."""

from typing import Any

import pytest

from adapters.stores.postgres.rebuild.hashing import Share, hash_of_field, hash_of_key, topics_of
from engine.ports.log import Row
from events.base import Event
from events.campaign import RecipientAdded
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from projections.projection import Projection
from projections.shipped import SHIPPED
from tests.events.golden import EXAMPLES
from tests.law.story import NOON

SHARED = [each for each in SHIPPED if each.share_by]
ENVELOPE = Envelope("c", "Command", "acme", NOON, "user:test", "c", None, 1, 1)
HOSTILE = [
    "",
    '"',
    "\\",
    '\\"',
    "r1\\",
    "Zoë 🌱",
    "a\tb\nc\u2028",
    '"recipient_id":"x',
    'x","recipient_id":"y',
    '\\","recipient_id":"y',
    "\\u0041",
]


def row_of(event: Event, position: int = 7) -> Row:
    return (position, "stream", 1, *CATALOGUE.encode(event))


def hash_by_key(projection: Projection, event: Any) -> int:
    return hash_of_key(projection)(projection.key(Recorded(7, "stream", 1, event, ENVELOPE)))


@pytest.mark.parametrize("projection", SHARED, ids=lambda each: each.name)
def test_every_event_that_a_view_watches_is_shared_out_as_the_key_of_its_row(
    projection: Projection,
) -> None:
    assert projection.share_by is not None
    by_event = hash_of_field(projection.share_by)
    watched = [event for event in EXAMPLES if type(event) in projection.watches]

    assert {type(event) for event in watched} == projection.watches
    for event in watched:
        assert by_event(row_of(event)) == hash_by_key(projection, event)


@pytest.mark.parametrize("projection", SHARED, ids=lambda each: each.name)
@pytest.mark.parametrize("recipient", HOSTILE)
def test_no_id_can_have_its_event_shared_out_wrongly(
    projection: Projection, recipient: str
) -> None:
    event = RecipientAdded(occurred_at=NOON, campaign_id=recipient, recipient_id=recipient)

    assert hash_of_field("recipient_id")(row_of(event)) == hash_by_key(projection, event)


def test_an_event_that_is_written_in_another_way_is_decoded_and_looked_at() -> None:
    plain = b'{"occurred_at":"2026-03-02T12:00:00Z","campaign_id":"c","recipient_id":"ab"}'
    spaced = plain.replace(b":", b": ").replace(b"12: 00: 00", b"12:00:00")
    escaped = plain.replace(b'"ab"', b'"\\u0061b"')
    hash_of = hash_of_field("recipient_id")

    assert spaced != plain
    found = {hash_of((7, "stream", 1, "RecipientAdded", each)) for each in (plain, spaced, escaped)}
    assert len(found) == 1


def test_an_event_that_cannot_be_read_has_its_position_for_a_hash() -> None:
    hash_of = hash_of_field("recipient_id")

    assert hash_of((7, "stream", 1, "RecipientAdded", b"no json")) == 7
    assert hash_of((8, "stream", 1, "NeverHeardOf", b"{}")) == 8


def test_the_halves_of_a_share_are_the_share() -> None:
    share = Share(3, 1)
    here, later = share.halves()

    for hashed in range(100):
        assert share.has(hashed) == (here.has(hashed) or later.has(hashed))
        assert not (here.has(hashed) and later.has(hashed))


def test_the_topics_of_a_view_are_the_names_on_the_wire_of_what_it_watches() -> None:
    for projection in SHIPPED:
        expected = {
            event.__name__ if version == 1 else f"{event.__name__}/{version}"
            for event in projection.watches
            for version in range(1, event.version + 1)
        }
        assert topics_of([projection]) == expected
