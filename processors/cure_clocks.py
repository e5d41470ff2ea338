"""Cure every clock of a failure that a full successful check has ended (C5)."""

from collections.abc import Iterator

from aggregates.campaign.commands import CureClock
from events.base import Event
from events.email_account import ConnectionRestored
from processors.workspace import Workspace

WATCHES = (ConnectionRestored,)


def react(workspace: Workspace, event: Event) -> Iterator[CureClock]:
    match event:
        case ConnectionRestored(account_id=account, incident_id=incident, occurred_at=at):
            for campaign in workspace.campaigns_of(account):
                yield CureClock(
                    campaign_id=campaign.id, account_id=account, incident_id=incident, at=at
                )
