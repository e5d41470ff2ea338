"""End every failure clock of an account that is disconnected, even if no hour follows (T2)."""

from collections.abc import Iterator

from aggregates.campaign.commands import SupersedeClock
from events.email_account import AccountDisconnected
from processors.workspace import Workspace


def react(workspace: Workspace, event: AccountDisconnected) -> Iterator[SupersedeClock]:
    for campaign in workspace.campaigns_of(event.account_id):
        yield SupersedeClock(
            campaign_id=campaign.id,
            account_id=event.account_id,
            superseded_by=event.incident_id,
            at=event.occurred_at,
        )
