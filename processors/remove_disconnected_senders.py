"""Take a disconnected account out of every FROM EMAIL (T2).

Comes after the clocks have started: a campaign's dependence counts as of that moment.
"""

from collections.abc import Iterator

from aggregates.campaign.commands import RemoveDisconnectedSender
from events.base import Event
from events.email_account import AccountDisconnected
from processors.workspace import Workspace

WATCHES = (AccountDisconnected,)


def react(workspace: Workspace, event: Event) -> Iterator[RemoveDisconnectedSender]:
    match event:
        case AccountDisconnected(account_id=account, incident_id=incident, occurred_at=at):
            for campaign in workspace.campaigns_of(account):
                yield RemoveDisconnectedSender(
                    campaign_id=campaign.id, account_id=account, incident_id=incident, at=at
                )
