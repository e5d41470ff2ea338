"""The consequences of taking a sender away, shown to users before they confirm (T2, S10)."""

from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.command import Policy
from engine.command_context import Neighbours
from events.vocabulary import CampaignStatus, IncidentKind


class Stakes(NamedTuple):
    """One rotation campaign that depends on the account."""

    campaign_id: str
    at_stake: int
    deadline_at: datetime
    shrinks_from: datetime | None
    """The deadline of a running 9-day clock that the disconnect supersedes."""
    pauses: bool


class Consequences(NamedTuple):
    account_id: str
    rotation: tuple[Stakes, ...]
    pausing: tuple[str, ...]
    """Running single-sender campaigns that would pause, without a time limit."""


def of_disconnecting(
    now: Neighbours, policy: Policy, account_id: str, at: datetime
) -> Consequences:
    """T2: the consequences if it were decided at that time, by the policy in force."""
    hour_ends = at + policy.grace_period
    slot_id = now.account(account_id).slot_id
    rotation = [
        _stakes(campaign, account_id, hour_ends)
        for campaign in now.campaigns_of(account_id)
        if campaign.rotates and campaign.lane(account_id).depended_on
    ]
    single = now.campaigns_on(slot_id) if slot_id else ()
    return Consequences(
        account_id,
        tuple(rotation),
        tuple(each.id for each in single if each.status is CampaignStatus.RUNNING),
    )


def _stakes(campaign: Campaign, account_id: str, hour_ends: datetime) -> Stakes:
    lane = campaign.lane(account_id)
    clock = lane.running
    runs_on = clock is not None and clock.kind is IncidentKind.DISCONNECT
    return Stakes(
        campaign.id,
        len(lane.contacted),
        clock.deadline_at if clock and runs_on else hour_ends,
        None if clock is None or runs_on else clock.deadline_at,
        lane.listed and campaign.status is CampaignStatus.RUNNING,
    )
