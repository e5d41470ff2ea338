"""The stream that holds an aggregate, and how the aggregate is rebuilt from it."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, NamedTuple

from aggregates import campaign, email_account, people, recipient, slot, suppressions
from aggregates.campaign import snapshot
from aggregates.command import Command
from events.base import Event


class SnapshotForm(NamedTuple):
    """How a state is stored as plain data; ``topic`` names the type and the version of the form."""

    topic: str
    to_plain: Callable[[Any], Any]
    from_plain: Callable[[Any], Any]


class AggregateType(NamedTuple):
    """One type of aggregate: its decider."""

    name: str
    initial: Callable[[str], Any]
    decide: Callable[[Any, Any], Sequence[Event]]
    fold: Callable[[Any, Iterable[Any]], Any]
    snapshots: SnapshotForm | None = None
    """None: aggregates of this type stay small."""
    people: Callable[[Any], int] = lambda _: 0
    """How many people a state holds: its memory grows with them, about 240 octets each."""


def _fold(evolve: Callable[[Any, Any], Any]) -> Callable[[Any, Iterable[Any]], Any]:
    return lambda state, events: reduce(evolve, events, state)


ACCOUNT = AggregateType(
    "account", email_account.initial, email_account.decide, _fold(email_account.evolve)
)
CAMPAIGN_SNAPSHOT = SnapshotForm(
    f"Campaign.snapshot/{snapshot.FORMAT}", snapshot.to_plain, snapshot.from_plain
)
CAMPAIGN = AggregateType(
    *("campaign", campaign.initial, campaign.decide, campaign.fold, CAMPAIGN_SNAPSHOT),
    people=lambda state: len(state.recipients),
)
SLOT = AggregateType("slot", slot.initial, slot.decide, _fold(slot.evolve))
RECIPIENT = AggregateType("recipient", recipient.initial, recipient.decide, _fold(recipient.evolve))
PEOPLE = AggregateType("people", people.initial, people.decide, _fold(people.evolve))
SUPPRESSIONS = AggregateType(
    *("suppressions", suppressions.initial, suppressions.decide, suppressions.fold),
    people=lambda state: len(state.people),
)
TYPES = {each.name: each for each in (ACCOUNT, CAMPAIGN, SLOT, RECIPIENT, PEOPLE, SUPPRESSIONS)}
BY_SNAPSHOT = {each.snapshots.topic: each for each in TYPES.values() if each.snapshots}


def stream_id(workspace: str, type_: AggregateType, aggregate_id: str) -> str:
    return f"{workspace}:{type_.name}:{aggregate_id}"


def addressee(command: Command) -> tuple[AggregateType, str]:
    """The aggregate that decides the command."""
    return TYPES[command.aggregate], command.aggregate_id
