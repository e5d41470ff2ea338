"""Which clocks run or ran, for whom, until when, and how did each end?"""

from datetime import datetime
from typing import Any, NamedTuple

from events.campaign import (
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    RecipientStopped,
)
from events.recorded import Recorded
from events.vocabulary import ClockOutcome, IncidentKind
from projections.projection import Projection


class ClockRow(NamedTuple):
    workspace: str
    campaign_id: str
    account_id: str
    incident_id: str
    kind: IncidentKind = IncidentKind.FAILURE
    started_at: datetime | None = None
    deadline_at: datetime | None = None
    outcome: ClockOutcome = ClockOutcome.RUNNING
    ended_at: datetime | None = None
    stopped: int = 0
    skipped: dict[str, int] = {}
    position: int = 0
    """Of the event that started it."""


def key(recorded: Recorded) -> tuple[str, str, str, str]:
    event: Any = recorded.event
    return (
        recorded.envelope.workspace,
        event.campaign_id,
        event.account_id,
        event.incident_id,
    )


def evolve(row: ClockRow | None, recorded: Recorded) -> ClockRow:
    event = recorded.event
    if row is None:
        row = ClockRow(*key(recorded))
    match event:
        case RecipientStopped():
            return row._replace(stopped=row.stopped + 1)
        case GracePeriodStarted():
            return row._replace(
                kind=event.kind,
                started_at=event.started_at,
                deadline_at=event.deadline_at,
                position=recorded.position,
            )
        case GracePeriodCured(occurred_at=at):
            return row._replace(outcome=ClockOutcome.CURED, ended_at=at)
        case GracePeriodSuperseded(occurred_at=at):
            return row._replace(outcome=ClockOutcome.SUPERSEDED, ended_at=at)
        case GracePeriodExpired(occurred_at=at, skipped=skipped):
            return row._replace(
                outcome=ClockOutcome.EXPIRED,
                ended_at=at,
                skipped={str(status): count for status, count in skipped.items()},
            )
        case _:
            return row


CLOCKS = Projection(
    name="clocks",
    version=1,
    row=ClockRow,
    key_length=4,
    watches=frozenset(
        {
            GracePeriodStarted,
            GracePeriodCured,
            GracePeriodSuperseded,
            GracePeriodExpired,
            RecipientStopped,
        }
    ),
    key=key,
    evolve=evolve,
    indexed=("outcome",),
)
