"""What would follow from taking a sender away: shown before anybody is asked (T2, S10)."""

from datetime import datetime
from typing import Any, NamedTuple

from adapters.cli.common import Session
from aggregates.campaign import Campaign
from events.vocabulary import CampaignStatus, IncidentKind, instant_text


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
    """Single-sender campaigns under way that pause, without limit."""
    cheaper: str

    def to_json(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "rotation_campaigns": [
                {
                    "campaign_id": each.campaign_id,
                    "at_stake": each.at_stake,
                    "deadline_at": instant_text(each.deadline_at),
                    "shrinks_from": each.shrinks_from and instant_text(each.shrinks_from),
                    "pauses": each.pauses,
                }
                for each in self.rotation
            ],
            "single_sender_campaigns_that_pause": list(self.pausing),
            "cheaper": self.cheaper,
        }


def of_disconnecting(here: Session, account_id: str) -> Consequences:
    """T2: as it would be decided now, by the settings in force."""
    policy = here.settings.policy
    hour_ends = here.store.now() + policy.grace_period
    with here.engine.look(here.workspace) as now:
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
        f"sendledger accounts reconnect {account_id}",
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
