"""Clear the pause cause of an account that works again; only the user resumes (P2, P3)."""

from collections.abc import Iterator

from aggregates.campaign.commands import ClearPauseCause
from events.email_account import AccountConnected, ConnectionRestored
from processors.workspace import Workspace


def react(
    workspace: Workspace, event: ConnectionRestored | AccountConnected
) -> Iterator[ClearPauseCause]:
    for campaign in workspace.campaigns_of(event.account_id):
        yield ClearPauseCause(
            campaign_id=campaign.id, account_id=event.account_id, at=event.occurred_at
        )
