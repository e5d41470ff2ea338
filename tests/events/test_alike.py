"""Facts that differ in one text are told, counted and encoded as if each were written out."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.alike import Alike, count, joined, of_classes, runs
from events.base import Event
from events.campaign import AssignmentReleased, CampaignFinished, RecipientStopped
from events.catalogue import CATALOGUE
from events.vocabulary import StopReason
from tests.law.story import ANN, NOON, SPRING, incident

ODD = ('"', "\\", "\\u0000", "\x00", "\n\x1f\x7f", '","', "%b", "Zoë 🌱", "", "{}")
FINISHED = CampaignFinished(campaign_id=SPRING, occurred_at=NOON)


def stopped(recipient_id: str, account_id: str = ANN) -> RecipientStopped:
    return RecipientStopped(
        campaign_id=SPRING,
        recipient_id=recipient_id,
        account_id=account_id,
        incident_id=incident(ANN),
        reason=StopReason.GRACE_PERIOD_EXPIRED,
        occurred_at=NOON,
    )


def released(recipient_id: str) -> AssignmentReleased:
    return AssignmentReleased(
        campaign_id=SPRING, recipient_id=recipient_id, account_id=ANN, occurred_at=NOON
    )


def stops(*recipient_ids: str) -> Alike[Event]:
    return Alike(stopped(""), "recipient_id", recipient_ids)


def releases(*recipient_ids: str) -> Alike[Event]:
    return Alike(released(""), "recipient_id", recipient_ids)


MIXED: Sequence[Event] = joined(
    [FINISHED], stops("r1", "r2", "r3"), releases("r4"), joined(stops(), releases(), [FINISHED])
)
WRITTEN_OUT = [FINISHED, *map(stopped, ("r1", "r2", "r3")), released("r4"), FINISHED]


def test_they_are_a_sequence_of_the_same_facts_written_out() -> None:
    assert MIXED == WRITTEN_OUT
    assert WRITTEN_OUT == MIXED
    assert len(MIXED) == len(WRITTEN_OUT)
    for place in range(-6, 6):
        assert MIXED[place] == WRITTEN_OUT[place]
        assert MIXED[place:] == WRITTEN_OUT[place:]
    assert WRITTEN_OUT[1:] != MIXED
    assert [type(run) for run in runs(MIXED)] == [list, Alike, Alike, list]


@pytest.mark.parametrize("place", [6, -7])
def test_there_is_none_beyond_the_last(place: int) -> None:
    with pytest.raises(IndexError):
        MIXED[place]


def test_facts_none_of_which_are_alike_are_a_plain_list() -> None:
    assert joined([FINISHED], stops(), [released("r4")]) == [FINISHED, released("r4")]
    assert type(joined([FINISHED], stops(), [released("r4")])) is list
    assert joined(stops(), []) == []


@pytest.mark.parametrize("classes", [(RecipientStopped,), (AssignmentReleased, CampaignFinished)])
def test_those_of_some_classes_are_found_at_their_places(classes: tuple[type[Event], ...]) -> None:
    of_them = [each for each in enumerate(WRITTEN_OUT) if isinstance(each[1], classes)]

    assert list(of_classes(MIXED, classes)) == of_them
    assert count(MIXED, classes) == len(of_them)


def encoded_alike(one: Event, texts: Sequence[str]) -> list[tuple[str, bytes]]:
    topic, (before, among, after) = CATALOGUE.encode_alike(Alike(one, "recipient_id", texts))
    return [(topic, before + each.encode() + after) for each in among]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(ODD)))
def test_they_are_encoded_octet_for_octet_as_each_by_itself(texts: list[str]) -> None:
    assert encoded_alike(stopped(""), texts) == [CATALOGUE.encode(stopped(each)) for each in texts]


@pytest.mark.parametrize(
    "account", ['"recipient_id":""', '","recipient_id":"","x":"', "recipient_id"]
)
def test_the_place_of_the_text_is_not_mistaken(account: str) -> None:
    found = encoded_alike(stopped("", account), ["r1"])

    assert found == [CATALOGUE.encode(stopped("r1", account))]


def test_a_text_that_no_store_could_hold_is_refused() -> None:
    unpaired: Any = "\ud800"

    with pytest.raises(ValueError, match="surrogates"):
        encoded_alike(stopped(""), [unpaired])
