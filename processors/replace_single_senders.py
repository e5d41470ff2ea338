"""Let single-sender campaigns use whichever account is connected in their slot (T3)."""

from collections.abc import Iterator

from aggregates.campaign.commands import ReplaceSender
from events.base import Event
from events.email_account import AccountConnected
from processors.workspace import Workspace

WATCHES = (AccountConnected,)


def react(workspace: Workspace, event: Event) -> Iterator[ReplaceSender]:
    match event:
        case AccountConnected(account_id=account, slot_id=slot, occurred_at=at):
            for campaign in workspace.campaigns_on(slot):
                yield ReplaceSender(campaign_id=campaign.id, account_id=account, at=at)
