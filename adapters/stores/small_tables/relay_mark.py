"""Up to where a store was told outside, and in which topic, kept beside its log."""

from pathlib import Path

from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.stream.log_sink import Relayed, Topic


class StoredMark:
    """Implements ``RelayMark``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def read(self) -> Relayed | None:
        found = self._table.row("read")
        return Relayed(Topic(found[0], found[1]), found[2]) if found else None

    def write(self, relayed: Relayed) -> None:
        topic, topic_id = relayed.topic
        self._table.write("write", topic=topic, topic_id=topic_id, entry=relayed.entry)

    def forget(self) -> None:
        self._table.write("forget")
