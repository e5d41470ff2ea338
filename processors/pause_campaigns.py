"""Pause every running campaign that lists an account in trouble (P1)."""

from collections.abc import Iterator, Sequence

from aggregates.campaign import Campaign
from aggregates.campaign.commands import PauseForConnection
from events.email_account import AccountDisconnected, ConnectionFailed
from processors.workspace import Workspace

Trouble = ConnectionFailed | AccountDisconnected


def react(workspace: Workspace, event: Trouble) -> Iterator[PauseForConnection]:
    rotating = (each for each in workspace.campaigns_of(event.account_id) if each.rotates)
    for campaign in (*rotating, *_on_its_slot(workspace, event)):
        yield PauseForConnection(
            campaign_id=campaign.id,
            account_id=event.account_id,
            on_account_trouble=event.on_account_trouble,
            at=event.occurred_at,
        )


def _on_its_slot(workspace: Workspace, event: Trouble) -> Sequence[Campaign]:
    match event:
        case ConnectionFailed(account_id=account):
            slot = workspace.account(account).slot_id
        case AccountDisconnected(slot_id=slot):
            pass
    return workspace.campaigns_on(slot) if slot is not None else ()
