"""Let single-sender campaigns use the account that is connected in their slot (T3)."""

from collections.abc import Iterator

from aggregates.campaign.commands import ReplaceSender
from events.email_account import AccountConnected
from processors.workspace import Workspace


def react(workspace: Workspace, event: AccountConnected) -> Iterator[ReplaceSender]:
    for campaign in workspace.campaigns_on(event.slot_id):
        yield ReplaceSender(
            campaign_id=campaign.id, account_id=event.account_id, at=event.occurred_at
        )
