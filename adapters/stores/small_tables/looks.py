"""Who looked at which person's case, kept beside a store's log."""

from collections.abc import Sequence

from adapters.stores.small_tables.small_table import StoredTable, TableStore
from engine.ports.clock import Clock
from engine.work.looks import Look
from engine.work.permissions import Caller
from events.vocabulary import CampaignId, RecipientId


class StoredLooks(StoredTable):
    """Implements ``Looks``."""

    def __init__(self, store: TableStore, now: Clock) -> None:
        super().__init__(store)
        self._now = now

    def record(
        self, caller: Caller, workspace: str, campaign_id: CampaignId, recipient_id: RecipientId
    ) -> None:
        about = {"campaign_id": campaign_id, "recipient_id": recipient_id}
        values = {"at": self._now(), "by_whom": caller.name, "workspace": workspace, **about}
        while not self._table.write("record", **values):
            """Somebody took the number meanwhile: take the next."""

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[Look]:
        asked = {"workspace": workspace, "after": after, "most": limit}
        return self._table.records("recorded", Look, **asked)
