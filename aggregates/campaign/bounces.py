"""M8: a campaign with too many bounces is paused, before its accounts' reputation suffers."""

from collections.abc import Sequence

from aggregates.campaign.commands import CampaignCommand, RecordRefused, RecordSignal
from aggregates.campaign.state import BOUNCES_CAUSE, Campaign
from events.campaign import CampaignEvent, CampaignPaused, EmailRefused, RecipientBounced
from events.vocabulary import CampaignStatus


def pause(
    campaign: Campaign, command: CampaignCommand, events: Sequence[CampaignEvent]
) -> Sequence[CampaignPaused]:
    """The pause that follows from these events; counted since the start or the last resume."""
    if not isinstance(command, RecordRefused | RecordSignal) or campaign.sequence is None:
        return []
    under_way = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    bounced = sum(isinstance(event, RecipientBounced) for event in events)
    if not bounced or not under_way or BOUNCES_CAUSE in campaign.causes:
        return []
    bounces = campaign.bounces + bounced
    sends = campaign.sends + sum(isinstance(event, EmailRefused) for event in events)
    policy = command.policy
    if sends < policy.sends_before_bounce_rate or bounces <= policy.bounce_rate * sends:
        return []
    return [
        CampaignPaused(
            campaign_id=campaign.id,
            cause=BOUNCES_CAUSE,
            bounces=bounces,
            sends=sends,
            sends_needed=policy.sends_before_bounce_rate,
            bounce_rate=policy.bounce_rate,
            occurred_at=command.at,
        )
    ]
