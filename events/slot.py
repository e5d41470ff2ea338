"""Facts about a slot: the place in the settings that holds at most one mailbox."""

from events.base import Event, fact
from events.vocabulary import AccountId, SlotId


@fact
class SlotOccupied(Event):
    slot_id: SlotId
    account_id: AccountId


@fact
class SlotVacated(Event):
    slot_id: SlotId
    account_id: AccountId


SlotEvent = SlotOccupied | SlotVacated
