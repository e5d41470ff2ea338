"""Who looked at which person's case, kept beside a store's log."""

from collections.abc import Sequence
from pathlib import Path

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.ports.clock import Clock
from engine.work.looks import Look
from engine.work.permissions import Caller
from events.vocabulary import CampaignId, RecipientId


class StoredLooks:
    """Implements ``Looks``."""

    def __init__(self, store: TableStore, now: Clock) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))
        self._now = now

    def record(
        self, caller: Caller, workspace: str, campaign_id: CampaignId, recipient_id: RecipientId
    ) -> None:
        values = {
            "at": to_micros(self._now()),
            "by_whom": caller.name,
            "workspace": workspace,
            "campaign_id": campaign_id,
            "recipient_id": recipient_id,
        }
        while not self._table.write("record", **values):
            """Somebody took the number meanwhile: take the next."""

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[Look]:
        found = self._table.rows("recorded", workspace=workspace, after=after, most=limit)
        return [Look(number, from_micros(at), *rest) for number, at, *rest in found]
