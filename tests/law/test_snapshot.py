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
from aggregates.campaign.state import Progress
from engine.ports.clock import ManualClock
from events.campaign import CampaignEvent, CampaignEventBase
from events.recorded import Recorded
from events.vocabulary import SearchResult
from tests.law.scenarios import SCENARIOS
from tests.law.story import (
    ANN,
    BOB,
    BOUNCED,
    HOUR,
    NOON,
    R1,
    R2,
    R3,
    SOLO,
    SPRING,
    fail,
    hear_from,
    mailing,
    message,
    office,
    prove_search,
    refused,
    reserve,
    reserve_step,
    search,
    sent,
    set_sequence,
    signal,
    unknown,
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


def planned_log() -> list[Recorded]:
    """What a campaign that sends by itself adds to a busy life."""
    world = mailing(daily_limit=9).given(
        *(sent(ANN, R1), reserve_step(ANN, R2), refused(R2, message(R2))),
        *(reserve_step(BOB, R3), refused(R3, message(R3)), prove_search(BOB)),
    )
    world.at(NOON + HOUR).given(reserve_step(BOB, R3), unknown(R3, message(R3)))
    again = search(R3, message(R3), SearchResult.ABSENT)
    world.at(NOON + 2 * HOUR).given(again, reserve_step(BOB, R3, read=NOON + 2 * HOUR))
    world.given(unknown(R3, message(R3)), search(R3, message(R3), SearchResult.FOUND))
    return world.given(signal(BOUNCED, R3)).log


def test_a_campaign_is_the_same_after_being_plain_data_at_any_moment_of_a_busy_life() -> None:
    lived = [*states_of(busy_log()), *states_of(planned_log())]

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
        for cls in (Campaign, Lane, Recipient, Sending, Clock, Progress)
        for name in names_of(cls)
    }
    for campaign in (*states_of(busy_log()), *states_of(planned_log())):
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
        yield recipient.progress
        yield from (sending for sending in (recipient.sending, *recipient.unknown) if sending)


def test_the_plain_data_of_a_campaign_is_what_it_always_was() -> None:
    """Snapshots of this format lie in stores: raise ``FORMAT`` if this has to change."""
    world = office().given(hear_from(ANN, R1), reserve(ANN, R2, "send-2"))
    world.given(set_sequence(daily_limit=9), sent(BOB, R3), fail(ANN))
    with world.engine.look("acme") as workspace:
        plain = to_plain(workspace.campaign(SPRING))

    stored = json.loads(json.dumps(plain))
    stored["recipients"].sort(key=lambda group: group[1])
    assert stored == STORED
    assert list(plain) == list(STORED)


UNBEGUN: list[Any] = [[], None, False, 0, None, None]
STORED = {
    "id": SPRING,
    "mode": "rotation",
    "status": "paused",
    "slot_id": None,
    "sender": None,
    "causes": [f"connection:{ANN}"],
    "recipients": [
        [["active", ANN, 1, None, None, [], UNBEGUN], [R1]],
        [
            [
                *("pending", ANN, 0),
                [ANN, "send-2", None, None, "2026-03-02T12:00:00+00:00", None, None, 0, None],
                *(None, [], UNBEGUN),
            ],
            [R2],
        ],
        [
            [
                *("active", BOB, 1, None, None, []),
                [["intro"], "2026-03-02T12:00:00+00:00", False, 0, None, None],
            ],
            [R3],
        ],
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
        BOB: [True, None, [], [R3], [], {}],
    },
    "open": 3,
    "mail_id": None,
    "sequence": {
        "mail_id": "mail-1",
        "zone": "UTC",
        "steps": [
            {"name": "intro", "after": "PT0S", "subject": "Hello", "text": "Hello", "html": ""},
            {"name": "nudge", "after": "P3D", "subject": "", "text": "Again", "html": ""},
            {"name": "last", "after": "P7D", "subject": "", "text": "Goodbye", "html": ""},
        ],
        "window": {
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "begins": "00:00",
            "ends": "24:00",
        },
        "daily_limit": 9,
        "exclusive": False,
    },
    "day": "2026-03-02",
    "day_used": 1,
    "sends": 1,
    "bounces": 0,
}
