"""Keep each slot's occupant in line with where accounts are connected."""

from collections.abc import Iterator

from aggregates.slot import OccupySlot, SlotCommand, VacateSlot
from events.email_account import AccountConnected, AccountDisconnected
from processors.workspace import Workspace


def react(
    _workspace: Workspace, event: AccountConnected | AccountDisconnected
) -> Iterator[SlotCommand]:
    match event:
        case AccountConnected(slot_id=slot, account_id=account, occurred_at=at):
            yield OccupySlot(slot_id=slot, account_id=account, at=at)
        case AccountDisconnected(slot_id=slot, account_id=account, occurred_at=at):
            yield VacateSlot(slot_id=slot, account_id=account, at=at)
