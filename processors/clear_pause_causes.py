"""Clear the pause cause of an account that works again; resuming stays the user's act (P2, P3)."""

from collections.abc import Iterator

from aggregates.campaign.commands import ClearPauseCause
from events.base import Event
from events.email_account import AccountConnected, ConnectionRestored
from processors.workspace import Workspace

WATCHES = (ConnectionRestored, AccountConnected)


def react(workspace: Workspace, event: Event) -> Iterator[ClearPauseCause]:
    match event:
        case ConnectionRestored() | AccountConnected():
            for campaign in workspace.campaigns_of(event.account_id):
                yield ClearPauseCause(
                    campaign_id=campaign.id, account_id=event.account_id, at=event.occurred_at
                )
