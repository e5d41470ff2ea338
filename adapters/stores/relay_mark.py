"""Up to where a store was told outside, and in which topic, kept beside its log."""

from collections.abc import Mapping

from adapters.stores.directory import DirectoryStore
from engine.stream.log_sink import Relayed, Topic


class StoredMark:
    """Implements ``RelayMark``. A product brings its statements."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def read(self) -> Relayed | None:
        with self._store.explained(), self._store.reading() as c:
            found = c.execute(self.SQL["read"]).fetchone()
        return Relayed(Topic(found[0], found[1]), found[2]) if found else None

    def write(self, relayed: Relayed) -> None:
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["write"], (*relayed.topic, relayed.entry))

    def forget(self) -> None:
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["forget"])
