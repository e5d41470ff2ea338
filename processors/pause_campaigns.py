"""Pause every running campaign that lists an account in trouble (P1)."""

from collections.abc import Iterator

from aggregates.campaign.commands import PauseForConnection
from events.base import Event
from events.email_account import AccountDisconnected, ConnectionFailed
from processors.workspace import Workspace

WATCHES = (ConnectionFailed, AccountDisconnected)


def react(workspace: Workspace, event: Event) -> Iterator[PauseForConnection]:
    match event:
        case ConnectionFailed() | AccountDisconnected():
            slot = workspace.account(event.account_id).slot_id
            if isinstance(event, AccountDisconnected):
                slot = event.slot_id
            on_slot = workspace.campaigns_on(slot) if slot is not None else ()
            rotating = (c for c in workspace.campaigns_of(event.account_id) if c.rotates)
            for campaign in (*rotating, *on_slot):
                yield PauseForConnection(
                    campaign_id=campaign.id,
                    account_id=event.account_id,
                    on_account_trouble=event.on_account_trouble,
                    at=event.occurred_at,
                )
