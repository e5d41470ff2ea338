"""Links for reconnecting that were used, kept beside a store's log (R1)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.stores.directory import DirectoryStore


class StoredLinks(ABC):
    """Implements ``UsedLinks``. A product brings its statements, and how it keeps times."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def use(self, link: str, state: str, until: datetime) -> bool:
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["drop_expired"], (self._stored(self._store.now()),))
            values = (link, state, self._stored(until))
            return bool(c.execute(self.SQL["use"], values).rowcount)

    def used(self, link: str) -> bool:
        with self._store.explained(), self._store.reading() as c:
            return c.execute(self.SQL["used"], (link,)).fetchone() is not None

    def answer(self, state: str) -> str | None:
        with self._store.explained(), self._store.writing() as c:
            values = (state, self._stored(self._store.now()))
            found = c.execute(self.SQL["answer"], values).fetchone()
        return str(found[0]) if found else None

    @abstractmethod
    def _stored(self, moment: datetime) -> Any: ...
