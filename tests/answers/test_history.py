"""Histories without a scan: the events of one subject, what caused them, what followed."""

import pytest

from adapters.stores.memory import MemoryViews
from engine.answers.history import History, positions_in
from engine.audit.causal_tree import CausalTree, CommandNode
from engine.projecting import ProjectionRunner
from events.campaign import RecipientStopped
from events.catalogue import CATALOGUE
from events.recorded import Recorded
from projections.histories import (
    ABOUT,
    HISTORIES,
    of_account,
    of_campaign,
    of_recipient,
)
from tests.law.story import ANN, DAY, HOUR, NOON, R1, SPRING, World, disconnect, hear_from, office
from tests.workplace import ACME


@pytest.fixture
def world() -> World:
    """R1 was stopped by a disconnect."""
    world = office().given(hear_from(ANN, R1)).given(disconnect(ANN))
    return world.tick(NOON + HOUR).at(NOON + DAY)


@pytest.fixture
def history(world: World) -> History:
    views = MemoryViews()
    ProjectionRunner(world.store, views, (HISTORIES,)).catch_up()
    return History(world.store, positions_in(views), ACME)


def test_every_event_of_the_catalogue_is_about_somebody() -> None:
    assert {*ABOUT} == {*CATALOGUE.classes.values()}


def test_every_event_stands_under_exactly_one_subject(world: World, history: History) -> None:
    subjects = {ABOUT[type(each.event)](each.event) for each in world.log}

    found = [each for subject in subjects for each in history.of(subject)]

    assert sorted(found, key=lambda each: each.position) == world.log


def test_the_events_of_a_subject_stand_in_the_order_of_the_log(history: History) -> None:
    for subject in (of_account(ANN), of_campaign(SPRING), of_recipient(SPRING, R1)):
        positions = [each.position for each in history.of(subject)]
        assert positions
        assert positions == sorted(positions)


def test_nobody_has_no_history(history: History) -> None:
    assert history.of(of_recipient(SPRING, "nobody")) == []


def test_an_event_is_found_by_its_id(world: World, history: History) -> None:
    assert [history.event(each.event_id) for each in world.log] == world.log


@pytest.mark.parametrize("event_id", ["", "acme:command-1", "acme:never.0", "acme:command-1.99"])
def test_an_id_of_no_event_finds_none(history: History, event_id: str) -> None:
    assert history.event(event_id) is None


def test_the_causes_of_a_stop_begin_with_a_user(world: World, history: History) -> None:
    chain = history.causes(world.recorded(RecipientStopped))

    assert [type(each.event).__name__ for each in chain] == [
        "AccountDisconnected",
        "GracePeriodStarted",
        "RecipientStopped",
    ]
    assert chain[0].envelope.actor == "user:test"


def test_all_that_ever_happened_hangs_together_in_one_explanation(
    world: World, history: History
) -> None:
    told = [each.position for each in _told(CausalTree(history, world.log).tree())]

    assert sorted(told) == [each.position for each in world.log]


def test_from_its_beginnings_alone_every_consequence_is_found(
    world: World, history: History
) -> None:
    """By reaction, and by timer."""
    began = [each for each in world.log if each.envelope.causation_id is None]

    told = {each.position for each in _told(CausalTree(history, began).tree())}

    assert told == {each.position for each in world.log}


def _told(steps: list[CommandNode]) -> list[Recorded]:
    found = []
    for step in steps:
        assert step.left_out == 0
        for fact in step.facts:
            found.append(fact.recorded)
            found += _told(list(fact.brought_about))
    return found
