"""M1-M5, M7, S8: a message must be reserved before it may leave."""

from collections.abc import Sequence

from aggregates.calendar import day_of
from aggregates.campaign.commands import ReserveSend, ReserveStep
from aggregates.campaign.guards import alive, listed, unknown_send
from aggregates.campaign.pace import constraints, message_key
from aggregates.campaign.state import Campaign, Recipient, next_step
from aggregates.rejections import (
    CampaignNotRunning,
    ContactedElsewhere,
    FixedSenderIsOther,
    InboxNotRead,
    NotSetUp,
    NotTheNextStep,
    NotYet,
    OutcomeUnknown,
    SenderHeld,
    SenderNotConnected,
    SenderNotInCampaign,
    SendInFlight,
    Suppressed,
    UnknownAccount,
)
from aggregates.waiting import soonest
from events.campaign import CampaignEvent, SendReserved
from events.vocabulary import CampaignStatus


def reserve(campaign: Campaign, command: ReserveSend) -> Sequence[CampaignEvent]:
    """S8, M1: the last gate before a message leaves."""
    recipient = _reservable(campaign, command)
    if unknown_send(recipient, command.send_id):
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


def reserve_step(campaign: Campaign, command: ReserveStep) -> Sequence[CampaignEvent]:
    """M2-M4, M7: the same gate, and the sequence must say that it is time."""
    sequence = campaign.sequence
    if sequence is None:
        raise NotSetUp(campaign=campaign.id)
    recipient = _reservable(campaign, command)
    step = next_step(sequence, recipient.progress)
    if step is None or step.name != command.step:
        following = step.name if step else "none"
        raise NotTheNextStep(recipient=command.recipient_id, step=command.step, next=following)
    _require_nothing_unknown(recipient, command)
    if command.suppressed:
        raise Suppressed(recipient=command.recipient_id)
    _require_nobody_else(campaign, recipient, command)
    wait = soonest(command.at, constraints(campaign, recipient, step))
    if wait is not None:
        raise NotYet(recipient=command.recipient_id, until=wait.at, reason=wait.reason)
    _require_freshness(recipient, command)

    return [
        SendReserved(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=command.account_id,
            send_id=message_key(sequence, command.recipient_id, step.name),
            step=step.name,
            day=day_of(command.at, sequence.zone),
            inbox_read_until=command.inbox_read_until if recipient.emails else None,
            freshness=command.policy.freshness if recipient.emails else None,
            occurred_at=command.at,
        )
    ]


def _reservable(campaign: Campaign, command: ReserveSend | ReserveStep) -> Recipient:
    """M1, M5, S8: the conditions for any message."""
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
    return recipient


def _require_nothing_unknown(recipient: Recipient, command: ReserveStep) -> None:
    """M2: after a message of unknown outcome, the next waits until the Sent folder was searched."""
    for each in recipient.unknown:
        if each.step is not None and each.answer is None:
            raise OutcomeUnknown(recipient=command.recipient_id, send=each.send_id)


def _require_nobody_else(campaign: Campaign, recipient: Recipient, command: ReserveStep) -> None:
    """M7: concerns the first message of an exclusive campaign; follow-ups are never held back."""
    if command.contacted_elsewhere and not recipient.emails:
        raise ContactedElsewhere(recipient=command.recipient_id, campaign=campaign.id)


def _require_freshness(recipient: Recipient, command: ReserveStep) -> None:
    """M4: a recipient who has heard from us may have answered."""
    if not recipient.emails:
        return
    read, since = command.inbox_read_until, command.senders.connected_at.get(command.account_id)
    stale = read is None or read < command.at - command.policy.freshness
    if stale or (since is not None and read is not None and read < since):
        raise InboxNotRead(account=command.account_id, recipient=command.recipient_id)


def _require_sender(
    campaign: Campaign, recipient: Recipient, command: ReserveSend | ReserveStep
) -> None:
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
