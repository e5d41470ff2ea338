"""What is the state of this recipient in this campaign, and if stopped: why, when, by what?

``status`` is never ``held`` here: that is ``active`` seen together with the sender's state, which
``engine.answers.workspace_answers`` does. ``sender`` of a single-sender campaign's recipient means
nothing.
"""

from datetime import datetime
from typing import NamedTuple

from events.campaign import (
    AssignmentReleased,
    AutoReplyReceived,
    EmailAccepted,
    EmailOutcomeUnknown,
    HoldEnded,
    RecipientAdded,
    RecipientAssigned,
    RecipientBounced,
    RecipientFailed,
    RecipientFinished,
    RecipientMigrated,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
    SendReserved,
)
from events.recorded import Recorded
from events.vocabulary import RecipientStatus
from projections.projection import Projection

PENDING, ACTIVE = RecipientStatus.PENDING, RecipientStatus.ACTIVE


class RecipientRow(NamedTuple):
    workspace: str
    campaign_id: str
    recipient_id: str
    status: RecipientStatus = PENDING
    sender: str | None = None
    emails_received: int = 0
    held_until: datetime | None = None
    stopped_at: datetime | None = None
    stop_reason: str | None = None
    incident_id: str | None = None
    stopped_position: int | None = None


ENDED = {
    RecipientReplied: RecipientStatus.REPLIED,
    RecipientBounced: RecipientStatus.BOUNCED,
    RecipientUnsubscribed: RecipientStatus.UNSUBSCRIBED,
    RecipientFinished: RecipientStatus.FINISHED,
    RecipientFailed: RecipientStatus.FAILED,
}


def key(recorded: Recorded) -> tuple[str, str, str]:
    event = recorded.event
    return (recorded.envelope.workspace, event.campaign_id, event.recipient_id)  # type: ignore[attr-defined]


def evolve(row: RecipientRow | None, recorded: Recorded) -> RecipientRow:
    event = recorded.event
    if row is None:
        row = RecipientRow(*key(recorded))
    match event:
        case RecipientAdded():
            return row
        case SendReserved(account_id=account):
            settled = row.emails_received or row.sender == account
            return row if settled else _reserved(row, account)
        case EmailAccepted(account_id=account) | EmailOutcomeUnknown(account_id=account):
            return _received(row, account)
        case RecipientMigrated(account_id=account, steps=steps):
            return row._replace(status=ACTIVE, sender=account, emails_received=len(steps))
        case RecipientStopped():
            return _stopped(row, event, recorded.position)
        case RecipientAssigned(account_id=account):
            return row._replace(sender=account)
        case AssignmentReleased():
            return row._replace(sender=None)
        case AutoReplyReceived(held_until=until):
            return row._replace(held_until=until)
        case HoldEnded():
            return row._replace(held_until=None)
        case _:
            return row._replace(status=ENDED[type(event)])


def _reserved(row: RecipientRow, account: str) -> RecipientRow:
    return RecipientRow(
        row.workspace, row.campaign_id, row.recipient_id, row.status, account, *row[5:]
    )


def _stopped(row: RecipientRow, event: RecipientStopped, position: int) -> RecipientRow:
    return RecipientRow(
        row.workspace,
        row.campaign_id,
        row.recipient_id,
        RecipientStatus.CAMPAIGN_STOPPED,
        row.sender,
        row.emails_received,
        row.held_until,
        event.occurred_at,
        event.reason,
        event.incident_id,
        position,
    )


def _received(row: RecipientRow, account: str) -> RecipientRow:
    return RecipientRow(
        row.workspace,
        row.campaign_id,
        row.recipient_id,
        ACTIVE if row.status is PENDING else row.status,
        row.sender if row.emails_received else account,
        row.emails_received + 1,
        *row[6:],
    )


RECIPIENT_STATUS = Projection(
    name="recipient_status",
    version=1,
    row=RecipientRow,
    key_length=3,
    watches=frozenset(
        {
            RecipientAdded,
            RecipientMigrated,
            SendReserved,
            EmailAccepted,
            EmailOutcomeUnknown,
            RecipientStopped,
            RecipientAssigned,
            AssignmentReleased,
            AutoReplyReceived,
            HoldEnded,
            *ENDED,
        }
    ),
    key=key,
    evolve=evolve,
    share_by="recipient_id",
)
