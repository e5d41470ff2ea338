"""Looks for a stop in the topic, and in the rows of those who read it."""

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Self

import psycopg
from kafka import KafkaConsumer
from world import World

DISCONNECTED, STOPPED = "sendledger.AccountDisconnected.v1", "sendledger.RecipientStopped.v1"
CONSUMED = f"SELECT 1 FROM consumed_events WHERE type = '{STOPPED}' AND instr(value, ?)"  # noqa: S608
INVOICED = "SELECT 1 FROM invoices WHERE recipient = ?"
PROJECTED = (
    "SELECT 1 FROM {}.view_recipient_status WHERE recipient_id = %s AND status = 'campaign_stopped'"
)


class Watch:
    """Of one recipient; its own reader sees what every other read_committed one sees."""

    def __init__(self, world: World, recipient_id: str) -> None:
        self._world, self._recipient_id = world, recipient_id
        self._headers: dict[str, dict[str, str]] = {}
        """By type, of the last event."""
        self._reader = KafkaConsumer(
            world.topic,
            bootstrap_servers=world.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,
        )
        self._postgres = (
            psycopg.connect(world.postgres, autocommit=True) if world.postgres else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        if self._postgres:
            self._postgres.close()

    def tells_of(self, kind: str) -> bool:
        """Whether the topic does."""
        for records in self._reader.poll(timeout_ms=5).values():
            for each in records:
                headers = {name: text.decode() for name, text in each.headers}
                self._headers[headers["ce_type"]] = headers
        return kind in self._headers

    def moment(self, kind: str, header: str) -> datetime:
        return datetime.fromisoformat(self._headers[kind][header])

    def consumed(self) -> bool:
        return self._row("reporting.db", CONSUMED)

    def invoiced(self) -> bool:
        return self._row("invoices.db", INVOICED)

    def projected(self) -> bool:
        """In the schema of the store, which its events name as their source."""
        assert self._postgres is not None
        source = next(iter(self._headers.values()))["ce_source"]
        schema = psycopg.sql.Identifier(f"sendledger_{source.rpartition(':')[2]}")
        query = psycopg.sql.SQL(PROJECTED).format(schema)
        try:
            return self._postgres.execute(query, [self._recipient_id]).fetchone() is not None
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return False

    def _row(self, file: str, query: str) -> bool:
        with closing(sqlite3.connect(self._world.folder / file)) as database:
            try:
                return database.execute(query, [self._recipient_id]).fetchone() is not None
            except sqlite3.OperationalError:
                return False
