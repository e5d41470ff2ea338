"""M3, M8: in no order of things does one message too many leave, nor is one held without reason.

The model knows the law's words and a list of what was reserved; it counts that anew every time.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.campaign.commands import RecordRefused
from events.sequence import Step, Window
from events.vocabulary import RefusalFault, Settings
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    INTRO,
    MINUTE,
    SECOND,
    SPRING,
    SUMMER,
    World,
    accepted,
    add_sender,
    connect,
    create,
    disconnect,
    message,
    reserve_step,
    resume,
    set_sequence,
    start,
    unknown,
    update_settings,
)

ACCOUNTS, CAMPAIGNS = (ANN, BOB), (SPRING, SUMMER)
BEGINNINGS = [
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 3, 7, 23, tzinfo=UTC),
]
"""Hours before clocks are changed in Europe or America."""
PEOPLE = 80


class Act(NamedTuple):
    what: Literal["wait", "reserve", "outcome", "settings", "reconnect"]
    account: str
    campaign: str
    wait: timedelta
    outcome: Literal["accepted", "unknown", "temporary", "limit"]
    settings: Settings


zones = st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"))
limits = st.integers(1, 4)
account_settings = st.builds(
    lambda speed, gap, zone: Settings(
        sending_speed=speed, limits={"gap": gap}, schedule={"zone": zone}
    ),
    limits,
    st.sampled_from((0, 0, 90, 3_600)),
    zones,
)
acts = st.builds(
    Act,
    st.sampled_from(
        ("wait", "reserve", "reserve", "reserve", "outcome", "outcome", "settings", "reconnect")
    ),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(CAMPAIGNS),
    st.sampled_from((SECOND, 89 * SECOND, 90 * SECOND, 20 * MINUTE, HOUR, 5 * HOUR, DAY)),
    st.sampled_from(("accepted", "accepted", "unknown", "temporary", "limit")),
    account_settings,
)
windows = st.sampled_from(
    (
        Window(),
        Window(),
        Window(begins="01:00", ends="04:00"),
        Window(begins="22:00", ends="02:30"),
        Window(days=("sun", "mon"), begins="00:00", ends="24:00"),
    )
)
sequences = st.fixed_dictionaries(
    {"zone": zones, "window": windows, "daily_limit": st.none() | limits}
)


@dataclass
class Reservation:
    at: datetime
    account: str
    campaign: str
    recipient: str
    known: bool = False
    refused: bool = False


@dataclass
class Model:
    """The law, in its own words."""

    settings: dict[str, Settings]
    sequences: dict[str, dict[str, Any]]
    reserved: list[Reservation] = field(default_factory=list)
    held_until: dict[str, datetime] = field(default_factory=dict)
    holds: dict[str, timedelta] = field(default_factory=dict)

    def allows(self, account: str, campaign: str, at: datetime) -> bool:
        own, sequence = self.settings[account], self.sequences[campaign]
        by_account = [each for each in self.reserved if each.account == account]
        by_campaign = [each for each in self.reserved if each.campaign == campaign]
        most = sequence["daily_limit"]
        return (
            used(by_account, at, own.zone) < own.sending_speed
            and (most is None or used(by_campaign, at, sequence["zone"]) < most)
            and all(at - each.at >= own.gap for each in by_account)
            and at >= self.held_until.get(account, at)
            and covers(sequence["window"], at, sequence["zone"])
        )

    def learn(self, one: Reservation, outcome: str, at: datetime) -> None:
        one.known, one.refused = True, outcome in ("temporary", "limit")
        if outcome == "limit":
            hold = min(self.holds.get(one.account, HOUR / 2) * 2, 24 * HOUR)
            self.holds[one.account], self.held_until[one.account] = hold, at + hold
        if outcome == "accepted" and at >= self.held_until.get(one.account, at):
            self.holds.pop(one.account, None)


def used(reserved: list[Reservation], at: datetime, zone: str) -> int:
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    return sum(not each.refused and each.at.astimezone(there).date() == today for each in reserved)


def covers(window: Window, at: datetime, zone: str) -> bool:
    there = at.astimezone(ZoneInfo(zone))
    if there.fold:
        return False
    told, crosses = there.strftime("%H:%M"), window.ends <= window.begins
    today, before = (each.strftime("%a").lower() in window.days for each in (there, there - DAY))
    if not crosses:
        return today and window.begins <= told < window.ends
    return (today and told >= window.begins) or (before and told < window.ends)


def office(model: Model, at: datetime) -> World:
    world = World().at(at)
    world.given(*(connect(each, settings=model.settings[each]) for each in ACCOUNTS))
    for campaign in CAMPAIGNS:
        people = [f"{campaign}-{number}" for number in range(PEOPLE)]
        world.given(create(ANN, BOB, to=people, campaign=campaign))
        told = model.sequences[campaign]
        world.given(set_sequence(Step(name=INTRO), campaign=campaign, **told), start(campaign))
    return world


@pytest.mark.rule("M3", "M8")
@settings(max_examples=80, deadline=None)
@given(
    at=st.sampled_from(BEGINNINGS),
    of_accounts=st.tuples(account_settings, account_settings),
    of_campaigns=st.tuples(sequences, sequences),
    told=st.lists(acts, min_size=40, max_size=PEOPLE),
)
def test_a_message_leaves_exactly_when_no_limit_gap_window_or_hold_stands_against_it(
    at: datetime,
    of_accounts: tuple[Settings, Settings],
    of_campaigns: tuple[dict[str, Any], dict[str, Any]],
    told: list[Act],
) -> None:
    model = Model(
        dict(zip(ACCOUNTS, of_accounts, strict=True)),
        dict(zip(CAMPAIGNS, of_campaigns, strict=True)),
    )
    world = office(model, at)
    for number, act in enumerate(told):
        match act.what:
            case "wait":
                at += act.wait
                world.at(at)
            case "reserve":
                reserve(world, model, act, at, f"{act.campaign}-{number}")
            case "outcome":
                learn(world, model, act, at)
            case "settings":
                model.settings[act.account] = act.settings
                world.given(update_settings(act.account, act.settings))
            case "reconnect":
                model.settings[act.account] = act.settings
                world.given(disconnect(act.account), connect(act.account, settings=act.settings))
                for campaign in CAMPAIGNS:
                    world.given(add_sender(act.account, campaign), resume(campaign))


def reserve(world: World, model: Model, act: Act, at: datetime, recipient: str) -> None:
    allowed = model.allows(act.account, act.campaign, at)

    refusal = world.tell(reserve_step(act.account, recipient, campaign=act.campaign)).refusal

    assert (refusal is None) is allowed, refusal
    if refusal is None:
        model.reserved.append(Reservation(at, act.account, act.campaign, recipient))


def learn(world: World, model: Model, act: Act, at: datetime) -> None:
    one = next((each for each in model.reserved if not each.known), None)
    if one is None:
        return
    about = one.recipient, message(one.recipient), one.campaign
    match act.outcome:
        case "accepted":
            world.given(accepted(*about))
        case "unknown":
            world.given(unknown(*about))
        case _:
            fault = RefusalFault(act.outcome)
            world.given(
                RecordRefused(
                    recipient_id=about[0], send_id=about[1], campaign_id=about[2], fault=fault
                )
            )
    model.learn(one, act.outcome, at)
