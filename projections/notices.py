"""Who was told what, when, about which incident, and did it arrive?"""

from datetime import datetime
from typing import Any, NamedTuple

from events.email_account import NoticeAttempted, NoticeIssued
from events.recorded import Recorded
from events.vocabulary import IncidentKind, NoticeKind
from projections.projection import Projection


class NoticeRow(NamedTuple):
    workspace: str
    account_id: str
    incident_id: str
    number: str
    """Within the incident; text, because it is part of the key."""
    kind: NoticeKind = NoticeKind.FAILURE
    incident_kind: IncidentKind = IncidentKind.FAILURE
    issued_at: datetime | None = None
    deadline_at: datetime | None = None
    at_stake: int = 0
    campaigns: dict[str, int] = {}
    attempts: int = 0
    delivered: bool = False
    channel: str | None = None
    detail: str = ""
    attempted_at: datetime | None = None
    """When it was last attempted."""
    taken_by: tuple[str, ...] = ()
    """Owners who have it while others are still to get it; see ``NoticeAttempted``."""
    position: int = 0


def key(recorded: Recorded) -> tuple[str, str, str, str]:
    event: Any = recorded.event
    return (
        recorded.envelope.workspace,
        event.account_id,
        event.incident_id,
        str(event.number),
    )


def evolve(row: NoticeRow | None, recorded: Recorded) -> NoticeRow:
    event = recorded.event
    if row is None:
        row = NoticeRow(*key(recorded))
    match event:
        case NoticeIssued():
            return row._replace(
                kind=event.kind,
                incident_kind=event.incident_kind,
                issued_at=event.occurred_at,
                deadline_at=event.deadline_at,
                at_stake=event.at_stake,
                campaigns={stake.campaign_id: stake.recipients for stake in event.campaigns},
                position=recorded.position,
            )
        case NoticeAttempted():
            return row._replace(
                attempts=row.attempts + 1,
                delivered=row.delivered or event.delivered,
                channel=event.channel,
                detail=event.detail,
                attempted_at=event.occurred_at,
                taken_by=(*row.taken_by, *event.taken_by),
            )
        case _:
            return row


NOTICES = Projection(
    name="notices",
    version=2,
    row=NoticeRow,
    key_length=4,
    watches=frozenset({NoticeIssued, NoticeAttempted}),
    key=key,
    evolve=evolve,
    indexed=("delivered",),
)
