"""Remove a disconnected account from every FROM EMAIL (T2).

This comes after the clocks have started: a campaign's dependence counts as of that moment.
"""

from collections.abc import Iterator

from aggregates.campaign.commands import RemoveDisconnectedSender
from events.email_account import AccountDisconnected
from processors.workspace import Workspace


def react(workspace: Workspace, event: AccountDisconnected) -> Iterator[RemoveDisconnectedSender]:
    for campaign in workspace.campaigns_of(event.account_id):
        yield RemoveDisconnectedSender(
            campaign_id=campaign.id,
            account_id=event.account_id,
            incident_id=event.incident_id,
            at=event.occurred_at,
        )
