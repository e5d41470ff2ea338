"""Facts about a slot: the place in the settings that holds at most one mailbox."""

from events.base import Event
from events.vocabulary import AccountId, SlotId


class SlotOccupied(Event):
    slot_id: SlotId
    account_id: AccountId


class SlotVacated(Event):
    slot_id: SlotId
    account_id: AccountId


SlotEvent = SlotOccupied | SlotVacated
