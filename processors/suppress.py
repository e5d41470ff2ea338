"""Never write again to people who unsubscribed, complained, or whose address does not exist (M7).

This also applies to recipients who were terminal already. A suppressed person ends in every
campaign.
"""

from collections.abc import Iterator

from aggregates.campaign.commands import RecordSignal
from aggregates.suppressions import SuppressPerson
from events.campaign import (
    ComplaintReceived,
    LateSignalRecorded,
    RecipientBounced,
    RecipientUnsubscribed,
)
from events.suppression import PersonSuppressed
from events.vocabulary import RecipientStatus, SuppressedBecause
from processors.workspace import Workspace

Ended = RecipientUnsubscribed | LateSignalRecorded | ComplaintReceived | RecipientBounced


def react(
    workspace: Workspace, event: Ended | PersonSuppressed
) -> Iterator[SuppressPerson | RecordSignal]:
    match event:
        case PersonSuppressed():
            yield from _everywhere(workspace, event)
        case _:
            because = _because(event)
            if because is not None:
                yield SuppressPerson(
                    recipient_id=event.recipient_id, because=because, at=event.occurred_at
                )


def _because(event: Ended) -> SuppressedBecause | None:
    match event:
        case ComplaintReceived():
            return SuppressedBecause.COMPLAINED
        case RecipientUnsubscribed() | LateSignalRecorded(signal=RecipientStatus.UNSUBSCRIBED):
            return SuppressedBecause.UNSUBSCRIBED
        case RecipientBounced(address_unknown=True):
            return SuppressedBecause.BOUNCED
        case _:
            return None


def _everywhere(workspace: Workspace, event: PersonSuppressed) -> Iterator[RecordSignal]:
    for campaign in workspace.campaigns():
        recipient = campaign.recipients.get(event.recipient_id)
        if recipient is not None and not recipient.status.terminal:
            yield RecordSignal(
                campaign_id=campaign.id,
                recipient_id=event.recipient_id,
                signal=RecipientStatus.UNSUBSCRIBED,
                at=event.occurred_at,
            )
