"""Cure every failure clock of an account that passed a full check (C5).

A check that a user requested in time counts as of its request, so it also cures a clock that has
waited for it beyond its deadline (C6).
"""

from collections.abc import Iterator

from aggregates.campaign.commands import CureClock
from events.email_account import CheckPassed, OneClickReconnected
from processors.workspace import Workspace


def react(workspace: Workspace, event: CheckPassed | OneClickReconnected) -> Iterator[CureClock]:
    for campaign in workspace.campaigns_of(event.account_id):
        yield CureClock(campaign_id=campaign.id, account_id=event.account_id, at=event.occurred_at)
