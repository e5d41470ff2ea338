"""Cure every failure clock of an account that passed a full check (C5).

A check that a user asked for in time is told as of its request, so it also cures a clock that has
waited for it beyond its deadline (C6).
"""

from collections.abc import Iterator

from aggregates.campaign.commands import CureClock
from events.base import Event
from events.email_account import CheckPassed, OneClickReconnected
from processors.workspace import Workspace

WATCHES = (CheckPassed, OneClickReconnected)


def react(workspace: Workspace, event: Event) -> Iterator[CureClock]:
    match event:
        case (
            CheckPassed(account_id=account, occurred_at=at)
            | OneClickReconnected(account_id=account, occurred_at=at)
        ):
            for campaign in workspace.campaigns_of(account):
                yield CureClock(campaign_id=campaign.id, account_id=account, at=at)
