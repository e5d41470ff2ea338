"""Addresses seen in a file, and where first: exact for any number, in bounded memory."""

import sqlite3
from types import TracebackType

IN_MEMORY = 200_000
"""Addresses held in memory; beyond, they go to a file that nobody else can open."""


class Seen:
    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._older: sqlite3.Connection | None = None

    def __enter__(self) -> "Seen":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._older is not None:
            self._older.close()

    def first_line(self, address: str, line: int) -> int:
        """The line on which the address stood first: this one if it is new."""
        earlier = self._recent.get(address) or self._spilled(address)
        if earlier is not None:
            return earlier
        self._recent[address] = line
        if len(self._recent) >= IN_MEMORY:
            self._spill()
        return line

    def _spilled(self, address: str) -> int | None:
        if self._older is None:
            return None
        select = "SELECT line FROM seen WHERE address = ?"
        found = self._older.execute(select, (address,)).fetchone()
        return found[0] if found else None

    def _spill(self) -> None:
        if self._older is None:
            self._older = sqlite3.connect("", isolation_level=None)
            create = "CREATE TABLE seen (address TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID"
            self._older.execute(create)
        self._older.execute("BEGIN")
        insert = "INSERT INTO seen VALUES (?, ?)"
        self._older.executemany(insert, sorted(self._recent.items()))
        self._older.execute("COMMIT")
        self._recent.clear()
