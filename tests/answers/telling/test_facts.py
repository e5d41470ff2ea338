"""One voice: every fact has one sentence, and nobody words it another way."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.answers.history import History, positions_in
from engine.answers.recipient_case import case_of
from engine.answers.telling.facts import SENTENCES, happened, phrase, sentence
from engine.answers.telling.reader import Reader, UnknownZone, full_name, zone_named
from engine.answers.telling.sentence import Sentence
from engine.answers.telling.why import explained
from engine.answers.telling.words import (
    FAULT,
    FOUND,
    REFUSED,
    STOPPED_BECAUSE,
    TESTED,
    WORDS,
)
from engine.answers.workspace_answers import Answers
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from events.base import Event
from events.campaign import EmailAccepted, RecipientReplied
from events.catalogue import CATALOGUE
from events.vocabulary import Asker, FailureClass, RefusalFault, StopReason
from projections.shipped import SHIPPED
from tests.events.golden import EXAMPLES
from tests.workplace import ACME, Workplace, much_happens

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def named(text: str) -> set[tuple[str, str]]:
    """Fields, each with what follows its colon."""
    found = Formatter().parse(text)
    return {(name, spec or "") for _, name, spec, _ in found if name is not None}


def test_every_fact_has_a_sentence_and_nothing_else_has_one() -> None:
    assert set(SENTENCES) == set(CATALOGUE.classes.values())


@pytest.mark.parametrize("kind", SENTENCES, ids=lambda kind: kind.__name__)
def test_a_sentence_names_fields_of_its_fact_and_known_words(kind: type[Event]) -> None:
    said = named(SENTENCES[kind])

    assert {name for name, _ in said} - {"by", "event"} <= {field.name for field in fields(kind)}
    assert {spec for _, spec in said if spec} <= WORDS.keys()


def test_no_words_are_left_over() -> None:
    used = {spec for text in SENTENCES.values() for _, spec in named(text)}
    assert WORDS.keys() - used == set()


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_a_sentence_can_stand_in_a_longer_one(event: Event) -> None:
    text = sentence(event)

    assert text == text.strip()
    assert not text[0].isupper() or text.startswith("One-Click")
    assert not any(part in text for part in ("{", "}", ".123456", "  ", "None"))


def test_every_code_has_words() -> None:
    assert set(FOUND) == set(FailureClass)
    assert set(FAULT) == set(RefusalFault)
    assert set(STOPPED_BECAUSE) == set(StopReason)
    assert set(TESTED) == set(Asker)
    assert {"still_failing", "configuration_changed"} < REFUSED.keys()


def test_a_busy_history_is_told_in_the_words_of_its_facts() -> None:
    """Context may come before or after; what happened is worded once."""
    told = [each for each in the_whole_of_a_busy_history() if each.text.startswith("On 20")]

    assert len({type(each.rests_on.event) for each in told}) > 15
    for each in told:
        assert each.text.startswith(happened(each.rests_on, Reader())), each.text


def the_whole_of_a_busy_history() -> Iterator[Sentence]:
    clock, views = ManualClock(NOON), MemoryViews()
    store = much_happens(Workplace(MemoryStore(clock), clock)).store
    ProjectionRunner(store, views, SHIPPED).catch_up()
    answers = Answers(views, ACME)
    history = History(store, positions_in(views), ACME)
    for campaign in answers.campaigns:
        for each in answers.recipients(campaign):
            case = case_of(history, answers, campaign, each.recipient_id, store.now())
            assert case is not None
            yield from explained(case)


def test_whoever_has_a_name_is_told_by_it() -> None:
    replied = RecipientReplied(campaign_id="spring", recipient_id="r-1", occurred_at=NOON)

    assert sentence(replied) == "r-1 replied"
    assert sentence(replied, Reader(names={"r-1": "Anna Berg"})) == "Anna Berg replied"
    assert sentence(replied, Reader(names={"r-1": ""})) == "r-1 replied"


def test_an_address_stands_with_the_name_or_alone() -> None:
    assert full_name("Anna Berg", "anna@x.test") == "Anna Berg <anna@x.test>"
    assert full_name("", "anna@x.test") == "anna@x.test"


def test_a_phrase_needs_no_event() -> None:
    said = phrase(EmailAccepted, account_id="ann@acme.test", recipient_id="r-1")
    assert said == "the mail server accepted an email from ann@acme.test to r-1"


def test_times_are_told_to_the_second_in_the_zone_of_the_reader() -> None:
    moment = NOON.replace(microsecond=123_456)

    assert Reader().when(moment) == "2026-03-02 12:00:00 UTC"
    assert Reader(ZoneInfo("Europe/Berlin")).when(moment) == "2026-03-02 13:00:00 CET"
    assert Reader(ZoneInfo("Europe/Berlin"), says_zone=False).when(moment) == "2026-03-02 13:00:00"


def test_an_hour_that_comes_twice_says_which_one_is_meant() -> None:
    berlin = Reader(ZoneInfo("Europe/Berlin"), says_zone=False)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert berlin.when(first) == "2026-10-25 02:30:00 CEST"
    assert berlin.when(first + timedelta(hours=1)) == "2026-10-25 02:30:00 CET"
    assert berlin.when(first + timedelta(hours=2)) == "2026-10-25 03:30:00"


@pytest.mark.parametrize("name", ["Europe/Berln", "", "../etc/passwd", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_named(name)
