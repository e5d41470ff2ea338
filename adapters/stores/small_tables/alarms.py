"""What operators have to put right, kept beside a store's log until it is."""

from collections.abc import Sequence
from pathlib import Path

from adapters.stores.small_tables.small_table import SmallTable, TableStore, moment
from engine.ports.coordination import Alarm


class StoredAlarms:
    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def alarm(self, about: str, text: str) -> bool:
        since = self._table.store.now()
        return bool(self._table.write("alarm", about=about, text=text, since=since))

    def calm(self, about: str) -> None:
        """Writes nothing where there is no alarm."""
        if any(each.about == about for each in self.alarms()):
            self._table.write("calm", about=about)

    def alarms(self) -> Sequence[Alarm]:
        found = self._table.rows("alarms")
        return [Alarm(about, text, moment(since)) for about, text, since in found]
