"""Start a clock in every rotation campaign that depends on an account in trouble (S1, T2).

A campaign may come to depend on it later, by a send that was in flight: then it gets the open
failure's clock, with that incident's deadline.
"""

from collections.abc import Iterator
from typing import assert_never

from aggregates.campaign.commands import StartClock
from events.campaign import EmailAccepted, EmailOutcomeUnknown
from events.email_account import AccountDisconnected, ConnectionFailed
from events.vocabulary import IncidentKind
from processors.workspace import Workspace

Trouble = ConnectionFailed | AccountDisconnected
Received = EmailAccepted | EmailOutcomeUnknown


def react(workspace: Workspace, event: Trouble | Received) -> Iterator[StartClock]:
    match event:
        case ConnectionFailed():
            yield from _everywhere(workspace, event, IncidentKind.FAILURE)
        case AccountDisconnected():
            yield from _everywhere(workspace, event, IncidentKind.DISCONNECT)
        case EmailAccepted() | EmailOutcomeUnknown():
            yield from _came_to_depend(workspace, event)
        case _:
            assert_never(event)


def _everywhere(workspace: Workspace, event: Trouble, kind: IncidentKind) -> Iterator[StartClock]:
    for campaign in workspace.campaigns_of(event.account_id):
        yield StartClock(
            campaign_id=campaign.id,
            account_id=event.account_id,
            incident_id=event.incident_id,
            kind=kind,
            started_at=event.occurred_at,
            deadline_at=event.deadline_at,
            at=event.occurred_at,
        )


def _came_to_depend(workspace: Workspace, event: Received) -> Iterator[StartClock]:
    campaign = workspace.campaign(event.campaign_id)
    lane = campaign.lane(event.account_id)
    if not campaign.rotates or lane.connected or lane.running:
        return
    account = workspace.account(event.account_id)
    if account.failure is None:
        return
    incident = account.incidents[account.failure]
    yield StartClock(
        campaign_id=campaign.id,
        account_id=account.id,
        incident_id=account.failure,
        kind=incident.kind,
        started_at=incident.opened_at,
        deadline_at=incident.deadline_at,
        at=event.occurred_at,
    )
