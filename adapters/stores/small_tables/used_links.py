"""Links for reconnecting that were used, kept beside a store's log (R1)."""

from datetime import datetime

from adapters.stores.small_tables.small_table import StoredTable


class StoredLinks(StoredTable):
    """Implements ``UsedLinks``."""

    MICROS = False

    def use(self, link: str, state: str, until: datetime) -> bool:
        with self._table.changing() as change:
            change("drop_expired", now=self._table.store.now())
            return bool(change.count("use", link=link, state=state, until=until))

    def used(self, link: str) -> bool:
        return self._table.row("used", link=link) is not None

    def answer(self, state: str) -> str | None:
        with self._table.changing() as change:
            found = change("answer", state=state, now=self._table.store.now(), yes=True)
        return str(found[0]) if found else None
