"""End every failure clock of an account that is disconnected, even where no hour follows (T2)."""

from collections.abc import Iterator

from aggregates.campaign.commands import SupersedeClock
from events.base import Event
from events.email_account import AccountDisconnected
from processors.workspace import Workspace

WATCHES = (AccountDisconnected,)


def react(workspace: Workspace, event: Event) -> Iterator[SupersedeClock]:
    match event:
        case AccountDisconnected(account_id=account, incident_id=incident, occurred_at=at):
            for campaign in workspace.campaigns_of(account):
                yield SupersedeClock(
                    campaign_id=campaign.id, account_id=account, superseded_by=incident, at=at
                )
