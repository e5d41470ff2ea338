"""Does this email account work, and if not: since when, why, and until when can it be repaired?"""

from datetime import datetime
from typing import Any, NamedTuple

from events import email_account as facts
from events.recorded import Recorded
from events.vocabulary import ConnectionStatus
from projections.projection import Projection


class AccountRow(NamedTuple):
    workspace: str
    account_id: str
    status: ConnectionStatus = ConnectionStatus.SUCCESSFUL
    slot_id: str | None = None
    provider: str = ""
    credentials: str | None = None
    """The name of what opens the mailbox, in the secret store."""
    settings: dict[str, Any] = {}
    since: datetime | None = None
    """When the status became what it is."""
    reason: str | None = None
    incident_id: str | None = None
    deadline_at: datetime | None = None


def key(recorded: Recorded) -> tuple[str, str]:
    return (recorded.envelope.workspace, recorded.event.account_id)  # type: ignore[attr-defined]


def evolve(row: AccountRow | None, recorded: Recorded) -> AccountRow:
    event = recorded.event
    if row is None:
        row = AccountRow(*key(recorded))
    match event:
        case facts.AccountConnected():
            return _working(row, event.occurred_at)._replace(
                slot_id=event.slot_id,
                provider=event.provider,
                credentials=event.credentials,
                settings=event.settings.model_dump(),
            )
        case facts.SettingsUpdated(settings=settings):
            return row._replace(settings=settings.model_dump())
        case facts.ConnectionFailed():
            return row._replace(
                status=ConnectionStatus.FAILED,
                since=event.occurred_at,
                reason=event.reason,
                incident_id=event.incident_id,
                deadline_at=event.deadline_at,
            )
        case facts.OneClickReconnected(credentials=str(credentials)):
            return row._replace(credentials=credentials)
        case facts.ConnectionRestored(occurred_at=at):
            return _working(row, at)
        case facts.AccountDisconnected():
            return row._replace(
                status=ConnectionStatus.DISCONNECTED,
                slot_id=None,
                credentials=None,
                settings=event.settings_after.model_dump(),
                since=event.occurred_at,
                reason=None,
                incident_id=event.incident_id,
                deadline_at=event.deadline_at,
            )
        case _:
            return row


def _working(row: AccountRow, at: datetime) -> AccountRow:
    return row._replace(
        status=ConnectionStatus.SUCCESSFUL,
        since=at,
        reason=None,
        incident_id=None,
        deadline_at=None,
    )


ACCOUNTS = Projection(
    name="accounts",
    version=2,
    row=AccountRow,
    key_length=2,
    watches=frozenset(
        {
            facts.AccountConnected,
            facts.SettingsUpdated,
            facts.ConnectionFailed,
            facts.ConnectionRestored,
            facts.AccountDisconnected,
            facts.OneClickReconnected,
        }
    ),
    key=key,
    evolve=evolve,
)
