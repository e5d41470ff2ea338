"""A campaign's state as plain data is the state again, and what is stored stays readable."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.scenario.reader import read_scenario
from adapters.scenario.runner import run_scenario
from adapters.stores.memory import MemoryStore
from aggregates.campaign import Campaign, Clock, Lane, Recipient, Sending, evolve, initial
from aggregates.campaign.snapshot import from_plain, to_plain
from engine.ports.clock import ManualClock
from events.campaign import CampaignEvent, CampaignEventBase
from events.recorded import Recorded
from tests.law.scenarios import SCENARIOS
from tests.law.story import (
    ANN,
    BOB,
    NOON,
    R1,
    R2,
    R3,
    SOLO,
    SPRING,
    fail,
    hear_from,
    office,
    reserve,
)
from tests.workplace import Workplace, much_happens


def kept(campaign: Campaign) -> Campaign:
    """As it comes back from JSON."""
    return from_plain(json.loads(json.dumps(to_plain(campaign))))


def states_of(log: list[Recorded]) -> Iterator[Campaign]:
    """Every campaign of a log as it was after each of its events."""
    campaigns: dict[str, Campaign] = {}
    for recorded in log:
        event = recorded.event
        if isinstance(event, CampaignEventBase):
            before = campaigns.get(event.campaign_id) or initial(event.campaign_id)
            campaigns[event.campaign_id] = evolve(before, cast("CampaignEvent", event))
            yield campaigns[event.campaign_id]


def busy_log() -> list[Recorded]:
    clock = ManualClock(NOON)
    return much_happens(Workplace(MemoryStore(clock), clock)).log


def test_a_campaign_is_the_same_after_being_plain_data_at_any_moment_of_a_busy_life() -> None:
    lived = list(states_of(busy_log()))

    assert {each.id for each in lived} == {SPRING, SOLO}
    for campaign in lived:
        assert kept(campaign) == campaign


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_a_campaign_is_the_same_after_being_plain_data_in_every_scenario(
    scenario: Path,
) -> None:
    log = list(run_scenario(read_scenario(scenario)).log)

    for campaign in states_of(log):
        assert kept(campaign) == campaign


def test_a_busy_life_fills_every_field_that_a_snapshot_has_to_keep() -> None:
    """Or the comparisons above would say nothing about the field that is left out."""
    unseen = {
        (cls.__name__, name)
        for cls in (Campaign, Lane, Recipient, Sending, Clock)
        for name in names_of(cls)
    }
    for campaign in states_of(busy_log()):
        for part in parts_of(campaign):
            unseen -= {
                (type(part).__name__, name)
                for name in names_of(type(part))
                if getattr(part, name) not in (None, 0, False) and getattr(part, name) != {}
            }

    assert unseen == set()


def names_of(cls: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls)) if cls is Campaign else cls._fields


def parts_of(campaign: Campaign) -> Iterator[Any]:
    yield campaign
    yield from campaign.lanes.values()
    yield from (lane.clock for lane in campaign.lanes.values() if lane.clock)
    for recipient in campaign.recipients.values():
        yield recipient
        yield from (sending for sending in (recipient.sending, *recipient.unknown) if sending)


def test_the_plain_data_of_a_campaign_is_what_it_always_was() -> None:
    """Snapshots of this format lie in stores: raise ``FORMAT`` if this has to change."""
    world = office().given(hear_from(ANN, R1), reserve(ANN, R2, "send-2"), fail(ANN))
    with world.engine.look("acme") as workspace:
        plain = to_plain(workspace.campaign(SPRING))

    stored = json.loads(json.dumps(plain))
    stored["recipients"].sort(key=lambda group: group[1])
    assert stored == STORED
    assert list(plain) == list(STORED)


STORED = {
    "id": SPRING,
    "mode": "rotation",
    "status": "paused",
    "slot_id": None,
    "sender": None,
    "causes": [f"connection:{ANN}"],
    "recipients": [
        [["active", ANN, 1, None, None, []], [R1]],
        [["pending", ANN, 0, [ANN, "send-2", None], None, []], [R2]],
        [["pending", None, 0, None, None, []], [R3]],
    ],
    "lanes": {
        ANN: [
            True,
            [
                *("ann@acme.test#1", "failure", "2026-03-02T12:00:00+00:00"),
                *("2026-03-11T12:00:00+00:00", "running", None, 0),
            ],
            [R2],
            [R1],
            [R2],
            {},
        ],
        BOB: [True, None, [], [], [], {}],
    },
    "open": 3,
}
