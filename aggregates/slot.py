"""A slot holds at most one connected mailbox (domain words; T3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from aggregates.command import Command
from aggregates.rejections import SlotTaken
from events.slot import SlotEvent, SlotOccupied, SlotVacated
from events.vocabulary import AccountId, SlotId


@dataclass(frozen=True, slots=True)
class Slot:
    id: SlotId
    known: bool = False
    """Whether an account has ever been in it."""
    occupant: AccountId | None = None


class AboutOccupant(Command):
    aggregate: ClassVar[str] = "slot"
    slot_id: SlotId
    account_id: AccountId

    @property
    def aggregate_id(self) -> SlotId:
        return self.slot_id


class OccupySlot(AboutOccupant):
    pass


class VacateSlot(AboutOccupant):
    pass


SlotCommand = OccupySlot | VacateSlot


def initial(slot_id: SlotId) -> Slot:
    return Slot(slot_id)


def decide(slot: Slot, command: SlotCommand) -> Sequence[SlotEvent]:
    match command:
        case OccupySlot(account_id=account, at=at):
            if slot.occupant == account:
                return []
            if slot.occupant is not None:
                raise SlotTaken(slot=slot.id, account=slot.occupant)
            return [SlotOccupied(slot_id=slot.id, account_id=account, occurred_at=at)]
        case VacateSlot(account_id=account, at=at):
            if slot.occupant != account:
                return []
            return [SlotVacated(slot_id=slot.id, account_id=account, occurred_at=at)]
        case _:
            assert_never(command)


def evolve(slot: Slot, event: SlotEvent) -> Slot:
    match event:
        case SlotOccupied(account_id=account):
            return Slot(slot.id, known=True, occupant=account)
        case SlotVacated():
            return Slot(slot.id, known=True)
        case _:
            assert_never(event)
