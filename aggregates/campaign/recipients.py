"""Who is written to: imports, assignments, and what they answer (S4, M1, M5)."""

from collections.abc import Sequence
from datetime import datetime

from aggregates.campaign.commands import (
    AssignRecipient,
    EndHold,
    ImportRecipients,
    RecordAutoReply,
    RecordSignal,
)
from aggregates.campaign.guards import alive, known, listed, require_rotation
from aggregates.campaign.state import Campaign
from aggregates.rejections import (
    AlreadyReceivedEmail,
    SenderNotConnected,
    SendInFlight,
    StoppedForGood,
)
from events.campaign import (
    AutoReplyReceived,
    CampaignEvent,
    CampaignReopened,
    HoldEnded,
    LateSignalRecorded,
    RecipientAdded,
    RecipientAssigned,
    RecipientBounced,
    RecipientFailed,
    RecipientFinished,
    RecipientImportRefused,
    RecipientReplied,
    RecipientUnsubscribed,
)
from events.vocabulary import CampaignStatus, RecipientStatus, Signal

Ending = (
    RecipientReplied
    | RecipientBounced
    | RecipientUnsubscribed
    | RecipientFinished
    | RecipientFailed
)
ENDINGS: dict[Signal, type[Ending]] = {
    RecipientStatus.REPLIED: RecipientReplied,
    RecipientStatus.BOUNCED: RecipientBounced,
    RecipientStatus.UNSUBSCRIBED: RecipientUnsubscribed,
    RecipientStatus.FINISHED: RecipientFinished,
    RecipientStatus.FAILED: RecipientFailed,
}


def import_recipients(campaign: Campaign, command: ImportRecipients) -> Sequence[CampaignEvent]:
    """S4: stopped ones are refused, known ones skipped, the others taken."""
    about = campaign.id, command.at
    refused: list[CampaignEvent] = []
    added: list[CampaignEvent] = []
    for recipient_id in dict.fromkeys(command.recipient_ids):
        recipient = campaign.recipients.get(recipient_id)
        if recipient is None:
            added.append(_added(recipient_id, *about))
        elif recipient.status is RecipientStatus.CAMPAIGN_STOPPED:
            refused.append(_refused(recipient_id, *about))
    if added and campaign.status is CampaignStatus.FINISHED:
        added.append(CampaignReopened(campaign_id=campaign.id, occurred_at=command.at))
    if refused:
        names = ", ".join(e.recipient_id for e in refused if isinstance(e, RecipientImportRefused))
        raise StoppedForGood(recipient=names, campaign=campaign.id, facts=[*added, *refused])
    return added


def assign(campaign: Campaign, command: AssignRecipient) -> Sequence[CampaignEvent]:
    """M1: only recipients who received nothing may be (re)assigned."""
    require_rotation(campaign)
    recipient = alive(campaign, command.recipient_id)
    if recipient.emails:
        raise AlreadyReceivedEmail(recipient=command.recipient_id, sender=recipient.sender)
    if recipient.sending is not None:
        raise SendInFlight(recipient=command.recipient_id, account=recipient.sending.account_id)
    if not listed(campaign, command.account_id).connected:
        raise SenderNotConnected(account=command.account_id)
    if recipient.sender == command.account_id:
        return []

    return [
        RecipientAssigned(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=command.account_id,
            occurred_at=command.at,
        )
    ]


def signal(campaign: Campaign, command: RecordSignal) -> Sequence[CampaignEvent]:
    """M5: ends the recipient; a terminal status never changes, what comes later is recorded."""
    recipient = known(campaign, command.recipient_id)
    if recipient.status.terminal:
        return [
            LateSignalRecorded(
                campaign_id=campaign.id,
                recipient_id=command.recipient_id,
                signal=command.signal,
                occurred_at=command.at,
            )
        ]
    return [
        ENDINGS[command.signal](
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=recipient.sender if recipient.emails else None,
            occurred_at=command.at,
        )
    ]


def auto_reply(campaign: Campaign, command: RecordAutoReply) -> Sequence[CampaignEvent]:
    """M5: no reply; an out-of-office holds until the latest date named."""
    recipient = known(campaign, command.recipient_id)
    named = (recipient.held_until, command.until)
    dates = [date for date in named if date is not None and date > command.at]
    holds = dates and not recipient.status.terminal
    return [
        AutoReplyReceived(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            until=command.until,
            held_until=max(dates) if holds else None,
            occurred_at=command.at,
        )
    ]


def end_hold(campaign: Campaign, command: EndHold) -> Sequence[CampaignEvent]:
    recipient = known(campaign, command.recipient_id)
    if recipient.held_until is None or command.at < recipient.held_until:
        return []
    return [
        HoldEnded(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            occurred_at=command.at,
        )
    ]


def _added(recipient_id: str, campaign_id: str, at: datetime) -> RecipientAdded:
    return RecipientAdded(campaign_id=campaign_id, recipient_id=recipient_id, occurred_at=at)


def _refused(recipient_id: str, campaign_id: str, at: datetime) -> RecipientImportRefused:
    return RecipientImportRefused(
        campaign_id=campaign_id,
        recipient_id=recipient_id,
        reason=StoppedForGood.code,
        occurred_at=at,
    )
