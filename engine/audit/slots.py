"""T3: a slot holds at most one mailbox, and single-sender campaigns use the account in theirs."""

from engine.audit.books import Books
from events.campaign import SenderReplaced
from events.slot import SlotOccupied, SlotVacated


def occupied(books: Books, event: SlotOccupied) -> None:
    """T3."""
    occupant = books.slots.get(event.slot_id)
    if occupant is not None:
        books.report("T3", f"Slot {event.slot_id} was occupied while {occupant} sat in it.")
    if books.account(event.account_id).slot_id != event.slot_id:
        books.report("T3", f"{event.account_id} was not connected into slot {event.slot_id}.")
    books.slots[event.slot_id] = event.account_id


def vacated(books: Books, event: SlotVacated) -> None:
    """T3."""
    if books.slots.get(event.slot_id) != event.account_id:
        books.report("T3", f"{event.account_id} left slot {event.slot_id}, where it was not.")
    books.slots[event.slot_id] = None


def replaced(books: Books, event: SenderReplaced) -> None:
    """T3."""
    campaign = books.campaign(event.campaign_id)
    if campaign.rotates or books.slots.get(campaign.slot_id or "") != event.account_id:
        books.report("T3", f"{event.account_id} does not sit in the slot of {campaign.id}.")
    campaign.sender = event.account_id
