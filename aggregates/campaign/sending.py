"""M1, M2, S8: a send is reserved, submitted, and recorded as what became of it."""

from collections.abc import Sequence

from aggregates.campaign.commands import (
    RecordAccepted,
    RecordOutcome,
    RecordRefused,
    RecordSentFolderSearch,
    RecordUnknown,
    ReserveSend,
)
from aggregates.campaign.guards import alive, known, listed
from aggregates.campaign.state import Campaign, Recipient, Sending
from aggregates.rejections import (
    CampaignNotRunning,
    FixedSenderIsOther,
    OutcomeUnknown,
    SenderHeld,
    SenderNotConnected,
    SenderNotInCampaign,
    SendInFlight,
    UnknownAccount,
    UnknownSend,
)
from events.campaign import (
    AssignmentReleased,
    CampaignEvent,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    RecipientBounced,
    RecipientFailed,
    RecipientStopped,
    SendReserved,
    SentFolderSearched,
)
from events.vocabulary import CampaignStatus, IncidentKind, RefusalFault, StopReason

ENDED_BY: dict[RefusalFault, type[RecipientBounced | RecipientFailed]] = {
    RefusalFault.RECIPIENT: RecipientBounced,
    RefusalFault.OTHER: RecipientFailed,
}


def reserve(campaign: Campaign, command: ReserveSend) -> Sequence[CampaignEvent]:
    """S8, M1: the last gate before a message leaves."""
    if command.account_id not in command.senders.statuses:
        raise UnknownAccount(account=command.account_id)
    recipient = alive(campaign, command.recipient_id)
    if campaign.status is not CampaignStatus.RUNNING:
        raise CampaignNotRunning(campaign=campaign.id, status=campaign.status)
    _require_sender(campaign, recipient, command)
    if recipient.held_until is not None:
        raise SenderHeld(recipient=command.recipient_id, until=recipient.held_until)
    if recipient.sending is not None:
        raise SendInFlight(recipient=command.recipient_id, account=recipient.sending.account_id)
    if _unknown(recipient, command.send_id):
        raise OutcomeUnknown(recipient=command.recipient_id, send=command.send_id)

    return [
        SendReserved(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=command.account_id,
            send_id=command.send_id,
            occurred_at=command.at,
        )
    ]


def receive(campaign: Campaign, command: RecordAccepted | RecordUnknown) -> Sequence[CampaignEvent]:
    """Accepted and unknown both count as received; after an expiry that means stopped (S8)."""
    recipient, sending = _in_flight(campaign, command)
    outcome = EmailAccepted if isinstance(command, RecordAccepted) else EmailOutcomeUnknown
    received = outcome(
        campaign_id=campaign.id,
        recipient_id=command.recipient_id,
        account_id=sending.account_id,
        send_id=sending.send_id,
        occurred_at=command.at,
    )
    if sending.ran_out is None or recipient.status.terminal:
        return [received]
    stopped = RecipientStopped(
        campaign_id=campaign.id,
        recipient_id=command.recipient_id,
        account_id=sending.account_id,
        incident_id=sending.ran_out.incident_id,
        reason=StopReason.of(sending.ran_out.kind),
        occurred_at=command.at,
    )
    return [received, stopped]


def refuse(campaign: Campaign, command: RecordRefused) -> Sequence[CampaignEvent]:
    """Refused for good ends the recipient; else another attempt or another sender follows."""
    recipient, sending = _in_flight(campaign, command)
    refused = EmailRefused(
        campaign_id=campaign.id,
        recipient_id=command.recipient_id,
        account_id=sending.account_id,
        send_id=sending.send_id,
        fault=command.fault,
        occurred_at=command.at,
    )
    if recipient.status.terminal:
        return [refused]
    if command.fault is not RefusalFault.TEMPORARY:
        ended = ENDED_BY[command.fault](
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=recipient.sender if recipient.emails else None,
            occurred_at=command.at,
        )
        return [refused, ended]
    if not _must_release(campaign, recipient, sending):
        return [refused]
    released = AssignmentReleased(
        campaign_id=campaign.id,
        recipient_id=command.recipient_id,
        account_id=sending.account_id,
        occurred_at=command.at,
    )
    return [refused, released]


def search(campaign: Campaign, command: RecordSentFolderSearch) -> Sequence[CampaignEvent]:
    """M2: only once the Sent folder was searched may the same message be reserved again."""
    recipient = known(campaign, command.recipient_id)
    unknown = _unknown(recipient, command.send_id)
    if unknown is None:
        raise UnknownSend(recipient=command.recipient_id, send=command.send_id)
    return [
        SentFolderSearched(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=unknown.account_id,
            send_id=command.send_id,
            found=command.found,
            occurred_at=command.at,
        )
    ]


def _require_sender(campaign: Campaign, recipient: Recipient, command: ReserveSend) -> None:
    account = command.account_id
    if not campaign.rotates:
        if command.senders.occupant != account:
            raise SenderNotInCampaign(account=account, campaign=campaign.id)
        if not command.senders.connected(account):
            raise SenderNotConnected(account=account)
        return
    if recipient.emails and recipient.sender != account:
        raise FixedSenderIsOther(recipient=command.recipient_id, sender=recipient.sender)
    if not listed(campaign, account).connected:
        raise SenderNotConnected(account=account)


def _in_flight(campaign: Campaign, command: RecordOutcome) -> tuple[Recipient, Sending]:
    recipient = known(campaign, command.recipient_id)
    sending = recipient.sending
    if sending is None or sending.send_id != command.send_id:
        raise UnknownSend(recipient=command.recipient_id, send=command.send_id)
    return recipient, sending


def _unknown(recipient: Recipient, send_id: str) -> Sending | None:
    return next((each for each in recipient.unknown if each.send_id == send_id), None)


def _must_release(campaign: Campaign, recipient: Recipient, sending: Sending) -> bool:
    """A soft assignment that outlived its account's place in FROM EMAIL only for this send."""
    if not campaign.rotates or recipient.emails:
        return False
    lane = campaign.lane(sending.account_id)
    kept = lane.listed or lane.runs(IncidentKind.DISCONNECT)
    return sending.ran_out is not None or not kept
