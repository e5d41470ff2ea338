"""Who sits in this slot?"""

from typing import NamedTuple

from events.recorded import Recorded
from events.slot import SlotOccupied, SlotVacated
from projections.projection import Projection


class SlotRow(NamedTuple):
    workspace: str
    slot_id: str
    account_id: str | None = None


def key(recorded: Recorded) -> tuple[str, str]:
    return (recorded.envelope.workspace, recorded.event.slot_id)  # type: ignore[attr-defined]


def evolve(row: SlotRow | None, recorded: Recorded) -> SlotRow:
    if row is None:
        row = SlotRow(*key(recorded))
    match recorded.event:
        case SlotOccupied(account_id=account):
            return row._replace(account_id=account)
        case _:
            return row._replace(account_id=None)


SLOTS = Projection(
    name="slots",
    version=1,
    row=SlotRow,
    key_length=2,
    watches=frozenset({SlotOccupied, SlotVacated}),
    key=key,
    evolve=evolve,
)
