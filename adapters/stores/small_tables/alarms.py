"""What operators have to put right, kept beside a store's log until it is."""

from collections.abc import Sequence

from adapters.stores.small_tables.small_table import StoredTable
from engine.ports.coordination import Alarm


class StoredAlarms(StoredTable):
    MICROS = False

    def alarm(self, about: str, text: str) -> bool:
        since = self._table.store.now()
        return bool(self._table.write("alarm", about=about, text=text, since=since))

    def calm(self, about: str) -> None:
        """Writes nothing where there is no alarm."""
        if any(each.about == about for each in self.alarms()):
            self._table.write("calm", about=about)

    def alarms(self) -> Sequence[Alarm]:
        return self._table.records("alarms", Alarm)
