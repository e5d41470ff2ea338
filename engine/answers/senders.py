"""The accounts that send for a campaign, or did."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign


class SenderLine(NamedTuple):
    """``listed``: the account is in FROM EMAIL. ``clock``: the kind of clock that runs for it."""

    account_id: str
    listed: bool
    contacted: int
    clock: str | None
    deadline_at: datetime | None


def senders_of(campaign: Campaign) -> Sequence[SenderLine]:
    """One line for each lane, sorted by account."""
    return [
        SenderLine(
            account,
            lane.listed,
            len(lane.contacted),
            str(lane.running.kind) if lane.running else None,
            lane.running.deadline_at if lane.running else None,
        )
        for account, lane in sorted(campaign.lanes.items())
    ]
