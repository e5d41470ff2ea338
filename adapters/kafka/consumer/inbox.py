"""How far a consumer is, kept in the database of its effects and in their transactions.

The position decides, and is compared when it is moved: of two processes that hold the same records,
one moves nothing. The group's offsets in Kafka are only a hint for those who watch.
"""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.kafka.consumer import statements as sql
from adapters.kafka.consumer.event import Event

END = 2**63 - 1
"""An offset after all others."""
Partition = tuple[str, int]
"""Topic and number."""


class Overtaken(Exception):
    """Another process has moved the position meanwhile; nothing in the transaction is kept."""


class Place(NamedTuple):
    next_offset: int
    entry: int
    """The last entry that had its effect; -1 for none."""


class DeadLetter(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Mapping[str, str]
    value: bytes | None
    error: str
    attempts: int
    passed: bool
    """Whether the consumer skipped it; otherwise it waits there."""

    @property
    def event(self) -> Event:
        return Event(
            self.topic,
            self.partition,
            self.offset,
            self.key or b"",
            dict(self.headers),
            self.value or b"",
        )


class Inbox(ABC):
    """The positions of one consumer group. For one thread."""

    LOST: tuple[type[Exception], ...]
    """Database errors that no record is to blame for: the process has to end and start again."""

    def __init__(self, group: str) -> None:
        self.group = group

    @abstractmethod
    def transaction(self) -> Any:
        """A context with a cursor: what is done with it is kept completely, or not at all."""

    @abstractmethod
    def close(self) -> None: ...

    def execute(self, c: Any, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement, with ``%s`` for values in every database."""
        return c.execute(statement, values)

    def lock(self, c: Any) -> None:  # noqa: B027 SQLite's transactions do it by themselves
        """Keep others from creating tables until the transaction ends."""

    def place(self, partition: Partition) -> Place | None:
        with self.transaction() as c:
            found = self.execute(c, sql.POSITION, (self.group, *partition)).fetchone()
        return Place(*found) if found else None

    def begin(self, partition: Partition, at: Place) -> None:
        """Set the position of a partition that has none."""
        with self.transaction() as c:
            self.execute(c, sql.PLACE, (self.group, *partition, *at))

    def move(self, c: Any, partition: Partition, before: int, to: Place) -> None:
        """Move the position. Raises ``Overtaken``."""
        values = (*to, self.group, *partition, before)
        if self.execute(c, sql.MOVE, values).rowcount != 1:
            raise Overtaken

    def restart(self, c: Any, topic: str, places: Mapping[int, Place]) -> None:
        """Set positions by partition; no record from there on is a dead letter. A running consumer
        is overtaken, and continues from there."""
        self.execute(c, sql.LEAVE, (self.group, topic))
        for partition, at in places.items():
            self.execute(c, sql.PLACE, (self.group, topic, partition, *at))
            self.revive(c, (topic, partition), at.next_offset, END)

    def bury(self, c: Any, record: Any, error: Exception, *, passed: bool) -> None:
        headers = {name: (text or b"").decode(errors="replace") for name, text in record.headers}
        values = (
            *(self.group, record.topic, record.partition, record.offset),
            *(f"{type(error).__name__}: {error}"[:2_000], passed, datetime.now(UTC).isoformat()),
            *(record.key, json.dumps(headers), record.value),
        )
        self.execute(c, sql.BURY, values)

    def revive(self, c: Any, partition: Partition, first: int, end: int) -> None:
        """Delete the dead letters of these offsets, without the end."""
        self.execute(c, sql.REVIVE, (self.group, *partition, first, end))

    def is_buried(self, partition: Partition, at: Place) -> bool:
        """Whether the next record is a dead letter that waits. Its offset may be a later one:
        markers of transactions have offsets as well."""
        with self.transaction() as c:
            values = (self.group, *partition, at.next_offset)
            return self.execute(c, sql.IS_BURIED, values).fetchone() is not None

    def dead_letters(self) -> list[DeadLetter]:
        with self.transaction() as c:
            found = self.execute(c, sql.BURIED, (self.group,)).fetchall()
        return [
            DeadLetter._make((*row[:4], json.loads(row[4]), *row[5:8], bool(row[8])))
            for row in found
        ]


class SQLiteInbox(Inbox):
    LOST = (sqlite3.OperationalError,)

    def __init__(self, path: str, group: str) -> None:
        super().__init__(group)
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        with self.transaction() as c:
            for each in sql.TABLES:
                c.execute(each.format(octets="blob"))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        c = self._connection.cursor()
        c.execute("BEGIN IMMEDIATE")
        try:
            yield c
        except BaseException:
            c.execute("ROLLBACK")
            raise
        c.execute("COMMIT")

    def execute(self, c: Any, statement: str, values: Sequence[Any] = ()) -> Any:
        return c.execute(statement.replace("%s", "?"), values)

    def close(self) -> None:
        self._connection.close()


class PostgresInbox(Inbox):
    def __init__(self, url: str, group: str) -> None:
        import psycopg  # noqa: PLC0415 needed only with such a database

        super().__init__(group)
        self.LOST = (psycopg.OperationalError, psycopg.InterfaceError)
        self._connection = psycopg.connect(
            url,
            connect_timeout=10,
            application_name=f"sendledger consumer {group}",
            keepalives_idle=10,
            tcp_user_timeout=20_000,
        )
        with self.transaction() as c:
            self.lock(c)
            for each in sql.TABLES:
                c.execute(each.format(octets="bytea"))

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._connection.transaction(), self._connection.cursor() as c:
            yield c

    def lock(self, c: Any) -> None:
        c.execute("SELECT pg_advisory_xact_lock(hashtextextended('sendledger.inbox', 0))")

    def close(self) -> None:
        self._connection.close()


def inbox_at(url: str, group: str) -> Inbox:
    """The inbox in ``postgresql://…``, or in an SQLite file, given by its path or
    ``sqlite:///path``."""
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresInbox(url, group)
    return SQLiteInbox(url.removeprefix("sqlite:///"), group)
