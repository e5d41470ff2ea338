"""M2, M8, S8: the outcome of a message, as far as it is known."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aggregates.calendar import day_of
from aggregates.campaign.commands import (
    RecordAccepted,
    RecordLostSend,
    RecordOutcome,
    RecordRefused,
    RecordSentFolderSearch,
    RecordUnknown,
)
from aggregates.campaign.guards import known, unknown_send
from aggregates.campaign.pace import message_key
from aggregates.campaign.state import Campaign, Recipient, Sending, next_step
from aggregates.rejections import UnknownSend
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
    SentSearched,
)
from events.vocabulary import IncidentKind, RefusalFault, SearchResult, StopReason

FINAL = {
    SearchResult.ABSENT: (SearchResult.FOUND, SearchResult.INCONCLUSIVE),
    SearchResult.INCONCLUSIVE: (SearchResult.FOUND,),
}
"""M2: after one of these answers, this one says nothing new: the message is never sent again."""


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
    """A refusal for good ends the recipient; any other leads to a new try or sender (M8)."""
    recipient, sending = _in_flight(campaign, command)
    tries = recipient.progress.tries + 1
    counts = sending.step is not None and command.fault is RefusalFault.TEMPORARY
    gives_up = counts and _tried_enough(recipient, sending, command, tries)
    refused = EmailRefused(
        campaign_id=campaign.id,
        recipient_id=command.recipient_id,
        account_id=sending.account_id,
        send_id=sending.send_id,
        fault=command.fault,
        reserved_at=sending.reserved_at if sending.step is not None else None,
        tries=tries if counts else None,
        most_tries=command.policy.most_tries if counts else None,
        tries_span=command.policy.tries_span if counts else None,
        retry_at=_retry_at(command, tries) if counts and not gives_up else None,
        told_until=command.told_until,
        occurred_at=command.at,
    )
    if recipient.status.terminal:
        return [refused]
    if gives_up or command.fault in (RefusalFault.RECIPIENT, RefusalFault.OTHER):
        return [refused, _ended(campaign, recipient, command)]
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
    """M2: the same message may be reserved again only once its absence is proved."""
    recipient = known(campaign, command.recipient_id)
    unknown = unknown_send(recipient, command.send_id)
    if unknown is None:
        raise UnknownSend(recipient=command.recipient_id, send=command.send_id)
    result = command.result
    if result is SearchResult.ABSENT and not _proves_absence(unknown, command):
        result = SearchResult.INCONCLUSIVE
    if unknown.answer in (result, *FINAL.get(result, ())):
        return []
    return [
        SentSearched(
            campaign_id=campaign.id,
            recipient_id=command.recipient_id,
            account_id=unknown.account_id,
            send_id=command.send_id,
            result=result,
            search_after=command.policy.search_after if result is SearchResult.ABSENT else None,
            occurred_at=command.at,
        )
    ]


def lost(campaign: Campaign, command: RecordLostSend) -> Sequence[CampaignEvent]:
    """M2, M6: found means sent, and inconclusive counts as received; dated and counted today."""
    recipient, sequence = known(campaign, command.recipient_id), campaign.sequence
    step = next_step(sequence, recipient.progress) if sequence else None
    if sequence is None or step is None or step.name != command.step:
        return []
    if recipient.status.terminal or recipient.sending is not None:
        return []
    about: dict[str, Any] = {
        "campaign_id": campaign.id,
        "recipient_id": command.recipient_id,
        "account_id": command.account_id,
        "send_id": message_key(sequence, command.recipient_id, step.name),
        "occurred_at": command.at,
    }
    reserved = SendReserved(**about, step=step.name, day=day_of(command.at, sequence.zone))
    if command.result is SearchResult.FOUND:
        return [reserved, EmailAccepted(**about)]
    searched = SentSearched(**about, result=SearchResult.INCONCLUSIVE)
    return [reserved, EmailOutcomeUnknown(**about), searched]


def _tried_enough(
    recipient: Recipient, sending: Sending, command: RecordRefused, tries: int
) -> bool:
    """M8: the number of tries or their time span is used up."""
    first = recipient.progress.first_tried_at or sending.reserved_at or command.at
    spent = command.at - first >= command.policy.tries_span
    return tries >= command.policy.most_tries or spent


def _retry_at(command: RecordRefused, tries: int) -> datetime:
    wait: timedelta = command.policy.first_retry * 4 ** (tries - 1)
    return command.at + wait


def _ended(
    campaign: Campaign, recipient: Recipient, command: RecordRefused
) -> RecipientBounced | RecipientFailed:
    about: dict[str, Any] = {
        "campaign_id": campaign.id,
        "recipient_id": command.recipient_id,
        "account_id": recipient.sender if recipient.emails else None,
        "occurred_at": command.at,
    }
    if command.fault is RefusalFault.RECIPIENT:
        return RecipientBounced(**about, address_unknown=command.address_unknown or None)
    return RecipientFailed(**about)


def _proves_absence(unknown: Sending, command: RecordSentFolderSearch) -> bool:
    """M2: the same search has found a message in the account before, and it is not too early."""
    sent_at = unknown.reserved_at
    late = sent_at is not None and command.at - sent_at >= command.policy.search_after
    return command.proves and late


def _in_flight(campaign: Campaign, command: RecordOutcome) -> tuple[Recipient, Sending]:
    recipient = known(campaign, command.recipient_id)
    sending = recipient.sending
    if sending is None or sending.send_id != command.send_id:
        raise UnknownSend(recipient=command.recipient_id, send=command.send_id)
    return recipient, sending


def _must_release(campaign: Campaign, recipient: Recipient, sending: Sending) -> bool:
    """Whether only this send kept a soft assignment whose account has left FROM EMAIL."""
    if not campaign.rotates or recipient.emails:
        return False
    lane = campaign.lane(sending.account_id)
    kept = lane.listed or lane.runs(IncidentKind.DISCONNECT)
    return sending.ran_out is not None or not kept
