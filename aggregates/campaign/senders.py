"""FROM EMAIL and the slot: who may send (S1, S10, T2-T5)."""

from collections.abc import Sequence

from aggregates.campaign.commands import (
    AddSender,
    RemoveDisconnectedSender,
    RemoveSender,
    ReplaceSender,
)
from aggregates.campaign.guards import listed, require_rotation
from aggregates.campaign.state import BOUNCES_CAUSE, USER_CAUSE, Campaign
from aggregates.rejections import (
    AlreadyInCampaign,
    NotConfirmed,
    SenderNotConnected,
    UnknownAccount,
)
from events.campaign import (
    AssignmentReleased,
    CampaignEvent,
    GracePeriodCured,
    PauseCauseCleared,
    SenderAdded,
    SenderRemoved,
    SenderReplaced,
)
from events.vocabulary import IncidentKind


def add(campaign: Campaign, command: AddSender) -> Sequence[CampaignEvent]:
    """S1, T4: takes only successful accounts; within the hour this cures the campaign's clock."""
    require_rotation(campaign)
    account, lane = command.account_id, campaign.lane(command.account_id)
    if account not in command.senders.statuses:
        raise UnknownAccount(account=account)
    if lane.listed:
        raise AlreadyInCampaign(account=account, campaign=campaign.id)
    if not command.senders.connected(account):
        raise SenderNotConnected(account=account)

    added = SenderAdded(campaign_id=campaign.id, account_id=account, occurred_at=command.at)
    if lane.clock is None or not lane.runs(IncidentKind.DISCONNECT):
        return [added]
    cured = GracePeriodCured(
        campaign_id=campaign.id,
        account_id=account,
        incident_id=lane.clock.incident_id,
        kind=lane.clock.kind,
        occurred_at=command.at,
    )
    return [added, cured]


def remove(campaign: Campaign, command: RemoveSender) -> Sequence[CampaignEvent]:
    """S10: starts and ends no clock; contacted recipients are held, soft ones released."""
    require_rotation(campaign)
    lane = listed(campaign, command.account_id)
    held = len(lane.contacted)
    if (command.confirmed or 0) != held:
        raise NotConfirmed(account=command.account_id, held=held)

    return [
        SenderRemoved(
            campaign_id=campaign.id,
            account_id=command.account_id,
            held=held,
            occurred_at=command.at,
        ),
        *(
            AssignmentReleased(
                campaign_id=campaign.id,
                recipient_id=recipient_id,
                account_id=command.account_id,
                occurred_at=command.at,
            )
            for recipient_id in sorted(lane.soft)
            if recipient_id not in lane.first_sends
        ),
    ]


def remove_disconnected(
    campaign: Campaign, command: RemoveDisconnectedSender
) -> Sequence[CampaignEvent]:
    """T2: a disconnect removes the account from FROM EMAIL; soft assignments stay until expiry."""
    lane = campaign.lane(command.account_id)
    if not lane.listed:
        return []
    return [
        SenderRemoved(
            campaign_id=campaign.id,
            account_id=command.account_id,
            incident_id=command.incident_id,
            held=len(lane.contacted),
            occurred_at=command.at,
        )
    ]


def replace(campaign: Campaign, command: ReplaceSender) -> Sequence[CampaignEvent]:
    """T3: the account in the slot sends, and all connection causes are cleared."""
    replaced = SenderReplaced(
        campaign_id=campaign.id, account_id=command.account_id, occurred_at=command.at
    )
    return [
        *([replaced] if campaign.sender != command.account_id else []),
        *(
            PauseCauseCleared(campaign_id=campaign.id, cause=cause, occurred_at=command.at)
            for cause in sorted(campaign.causes - {USER_CAUSE, BOUNCES_CAUSE})
        ),
    ]
