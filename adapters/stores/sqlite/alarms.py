"""The alarms of the embedded store."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.stores.alarms import StoredAlarms
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from engine.ports.coordination import Alarm


class SQLiteAlarms(StoredAlarms):
    """The table is made with the first alarm."""

    SQL = statements(Path(__file__).with_suffix(".sql"))

    def alarm(self, about: str, text: str) -> bool:
        if not self._is_there():
            with self._beside.explained(), self._beside.writing() as c:
                c.execute(self.SQL["operator_alarms"])
        return super().alarm(about, text)

    def calm(self, about: str) -> None:
        if self.alarms():
            super().calm(about)

    def alarms(self) -> Sequence[Alarm]:
        return super().alarms() if self._is_there() else []

    def _is_there(self) -> bool:
        with self._beside.explained(), self._beside.reading() as c:
            return bool(c.execute(self.SQL["table_there"]).fetchone()[0])

    def _stored(self, moment: datetime) -> int:
        return to_micros(moment)

    def _moment(self, stored: int) -> datetime:
        return from_micros(stored)
