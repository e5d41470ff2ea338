"""Which stream holds an aggregate, and how it is rebuilt."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, NamedTuple

from aggregates import campaign, email_account, slot
from aggregates.campaign.commands import CampaignCommandBase
from aggregates.command import Command
from aggregates.email_account.commands import AccountCommand
from aggregates.slot import OccupySlot, VacateSlot
from events.base import Event


class Kind(NamedTuple):
    """One kind of aggregate: its decider."""

    name: str
    initial: Callable[[str], Any]
    decide: Callable[[Any, Any], Sequence[Event]]
    fold: Callable[[Any, Iterable[Any]], Any]


def _fold(evolve: Callable[[Any, Any], Any]) -> Callable[[Any, Iterable[Any]], Any]:
    return lambda state, events: reduce(evolve, events, state)


ACCOUNT = Kind("account", email_account.initial, email_account.decide, _fold(email_account.evolve))
CAMPAIGN = Kind("campaign", campaign.initial, campaign.decide, campaign.fold)
SLOT = Kind("slot", slot.initial, slot.decide, _fold(slot.evolve))


def stream_id(workspace: str, kind: Kind, aggregate_id: str) -> str:
    return f"{workspace}:{kind.name}:{aggregate_id}"


def addressee(command: Command) -> tuple[Kind, str]:
    """The aggregate that decides the command."""
    match command:
        case CampaignCommandBase(campaign_id=aggregate_id):
            return CAMPAIGN, aggregate_id
        case AccountCommand(account_id=aggregate_id):
            return ACCOUNT, aggregate_id
        case OccupySlot(slot_id=aggregate_id) | VacateSlot(slot_id=aggregate_id):
            return SLOT, aggregate_id
        case _:
            raise TypeError(f"{type(command).__name__} is addressed to no aggregate")
