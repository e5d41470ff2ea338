"""Up to where a store was told outside, and in which topic, kept beside its log."""

from adapters.stores.small_tables.small_table import StoredTable
from engine.stream.log_sink import Relayed, Topic


class StoredMark(StoredTable):
    """Implements ``RelayMark``."""

    def read(self) -> Relayed | None:
        found = self._table.row("read")
        return Relayed(Topic(found[0], found[1]), found[2]) if found else None

    def write(self, relayed: Relayed) -> None:
        topic, topic_id = relayed.topic
        self._table.write("write", topic=topic, topic_id=topic_id, entry=relayed.entry)

    def forget(self) -> None:
        self._table.write("forget")
