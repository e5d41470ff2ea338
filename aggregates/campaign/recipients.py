"""The recipients: imports, assignments, and their answers (S4, M1, M4, M5, M7)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from aggregates.campaign.commands import (
    AssignRecipient,
    EndHold,
    FinishRecipient,
    ImportRecipients,
    RecordAutoReply,
    RecordComplaint,
    RecordSignal,
)
from aggregates.campaign.guards import alive, known, listed, require_rotation
from aggregates.campaign.pace import finished_at
from aggregates.campaign.state import Campaign
from aggregates.rejections import (
    AlreadyReceivedEmail,
    NotFinished,
    SenderNotConnected,
    SendInFlight,
    StoppedForGood,
    Suppressed,
)
from events.alike import Alike, count, joined
from events.campaign import (
    AutoReplyReceived,
    CampaignEvent,
    CampaignReopened,
    ComplaintReceived,
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
from events.vocabulary import CampaignId, CampaignStatus, RecipientId, RecipientStatus, Signal

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

STOPPED = RecipientStatus.CAMPAIGN_STOPPED


def import_recipients(campaign: Campaign, command: ImportRecipients) -> Sequence[CampaignEvent]:
    """S4, M7: stopped and suppressed ones are refused, known ones skipped, all others added."""
    return take_in(campaign, command.recipient_ids, command.suppressed, command.at)


def take_in(
    campaign: Campaign,
    recipient_ids: Sequence[RecipientId],
    never_again: frozenset[RecipientId],
    at: datetime,
    past: Callable[[RecipientId], Iterable[CampaignEvent]] | None = None,
) -> Sequence[CampaignEvent]:
    """S4, M7. ``past``: the events that follow for a recipient who is added."""
    people, named = campaign.recipients, dict.fromkeys(recipient_ids)
    known = {each for each in named if each in people}
    new = [each for each in named if each not in known and each not in never_again]
    events: Sequence[CampaignEvent] = (arrivals := added(new, campaign.id, at))
    if past is not None:
        events = [each for one in arrivals for each in (one, *past(one.recipient_id))]
    if campaign.status is CampaignStatus.FINISHED and _left_open(events):
        reopened = CampaignReopened(campaign_id=campaign.id, occurred_at=at)
        events = joined(events, [reopened])
    kept_out = suppressed(campaign, recipient_ids, never_again, at)
    stopped = [each for each in named if each in known and people[each].status is STOPPED]
    if stopped:
        refused = [_refused(each, campaign.id, at, StoppedForGood.code) for each in stopped]
        facts = [*events, *refused, *kept_out]
        raise StoppedForGood(recipient=", ".join(stopped), campaign=campaign.id, facts=facts)
    if kept_out:
        raise all_suppressed(kept_out, facts=[*events, *kept_out])
    return events


def added(
    recipient_ids: Sequence[RecipientId], campaign_id: CampaignId, at: datetime
) -> Sequence[RecipientAdded]:
    """An event for each of these people."""
    one = RecipientAdded(campaign_id=campaign_id, recipient_id="", occurred_at=at)
    return joined(Alike(one, "recipient_id", recipient_ids))


def _left_open(events: Sequence[CampaignEvent]) -> int:
    """The number of those added who are not terminal from the beginning."""
    return count(events, RecipientAdded) - count(events, tuple(ENDINGS.values()))


def suppressed(
    campaign: Campaign,
    recipient_ids: Sequence[RecipientId],
    never_again: frozenset[RecipientId],
    at: datetime,
) -> list[RecipientImportRefused]:
    """M7: the suppressed ones of an import who are new to the campaign."""
    return [
        _refused(each, campaign.id, at, Suppressed.code)
        for each in dict.fromkeys(recipient_ids)
        if each in never_again and each not in campaign.recipients
    ]


def all_suppressed(
    refused: Sequence[RecipientImportRefused], facts: Sequence[CampaignEvent]
) -> Suppressed:
    return Suppressed(recipient=", ".join(each.recipient_id for each in refused), facts=facts)


def assign(campaign: Campaign, command: AssignRecipient) -> Sequence[CampaignEvent]:
    """M1: only recipients who have received nothing may be (re)assigned."""
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
    """M5: ends the recipient; a terminal status never changes, later signals are recorded."""
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
    about: dict[str, Any] = {
        "campaign_id": campaign.id,
        "recipient_id": command.recipient_id,
        "account_id": recipient.sender if recipient.emails else None,
        "occurred_at": command.at,
    }
    if command.signal is RecipientStatus.BOUNCED:
        return [RecipientBounced(**about, address_unknown=command.address_unknown or None)]
    return [ENDINGS[command.signal](**about)]


def complain(campaign: Campaign, command: RecordComplaint) -> Sequence[CampaignEvent]:
    """M7: ends the recipient as an unsubscribe does."""
    recipient = known(campaign, command.recipient_id)
    about: dict[str, Any] = {
        "campaign_id": campaign.id,
        "recipient_id": command.recipient_id,
        "occurred_at": command.at,
    }
    complaint = ComplaintReceived(**about)
    if recipient.status.terminal:
        return [complaint]
    sender = recipient.sender if recipient.emails else None
    return [complaint, RecipientUnsubscribed(**about, account_id=sender)]


def finish(campaign: Campaign, command: FinishRecipient) -> Sequence[CampaignEvent]:
    """M4: dated at the end of the last delay, once the inbox was read up to then; never before."""
    recipient = alive(campaign, command.recipient_id)
    due = finished_at(campaign.sequence, recipient) if campaign.sequence else None
    if due is None or due > min(command.at, command.inbox_read_until):
        raise NotFinished(recipient=command.recipient_id)
    return [
        RecipientFinished(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=recipient.sender,
            occurred_at=due,
        )
    ]


def auto_reply(campaign: Campaign, command: RecordAutoReply) -> Sequence[CampaignEvent]:
    """M5: not a reply; an out-of-office holds the recipient until the latest date named."""
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


def _refused(
    recipient_id: str, campaign_id: str, at: datetime, reason: str
) -> RecipientImportRefused:
    return RecipientImportRefused(
        campaign_id=campaign_id, recipient_id=recipient_id, reason=reason, occurred_at=at
    )
