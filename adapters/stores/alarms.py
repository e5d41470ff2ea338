"""What operators have to put right, kept beside a store's log until it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.stores.directory import DirectoryStore
from engine.ports.coordination import Alarm


class StoredAlarms(ABC):
    """A product brings its statements, and how it keeps times."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._beside = store

    def alarm(self, about: str, text: str) -> bool:
        with self._beside.explained(), self._beside.writing() as c:
            values = (about, text, self._stored(self._beside.now()))
            return bool(c.execute(self.SQL["alarm"], values).rowcount)

    def calm(self, about: str) -> None:
        with self._beside.explained(), self._beside.writing() as c:
            c.execute(self.SQL["calm"], (about,))

    def alarms(self) -> Sequence[Alarm]:
        with self._beside.explained(), self._beside.reading() as c:
            found = c.execute(self.SQL["alarms"]).fetchall()
        return [Alarm(about, text, self._moment(since)) for about, text, since in found]

    @abstractmethod
    def _stored(self, moment: datetime) -> Any: ...

    @abstractmethod
    def _moment(self, stored: Any) -> datetime: ...
