"""Who writes for a campaign, or did."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign


class SenderLine(NamedTuple):
    """``listed``: it is in FROM EMAIL. ``clock``: the kind of the one that runs for it."""

    account_id: str
    listed: bool
    contacted: int
    clock: str | None
    deadline_at: datetime | None


def senders_of(campaign: Campaign) -> Sequence[SenderLine]:
    """One for each lane, by account."""
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
