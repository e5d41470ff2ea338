"""Facts about a slot: the place in the settings that holds at most one mailbox."""

from events.base import Event, fact
from events.vocabulary import AccountId, SlotId


@fact
class SlotOccupied(Event):
    """The account sits in the slot."""

    slot_id: SlotId
    account_id: AccountId


@fact
class SlotVacated(Event):
    """The slot is empty; the account is who sat there."""

    slot_id: SlotId
    account_id: AccountId


SlotEvent = SlotOccupied | SlotVacated
