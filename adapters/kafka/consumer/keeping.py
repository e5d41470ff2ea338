"""The effect of ``sendledger consume``: a row for every event, keyed by its store."""

from typing import Any

from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox

TABLE = """CREATE TABLE IF NOT EXISTS consumed_events (
    consumer text NOT NULL, source text NOT NULL, entry bigint NOT NULL, id text NOT NULL,
    type text NOT NULL, workspace text NOT NULL, sequence bigint, time text NOT NULL,
    command_id text NOT NULL, value text NOT NULL,
    topic text NOT NULL, partition integer NOT NULL, record_offset bigint NOT NULL,
    PRIMARY KEY (consumer, source, entry))"""
KEEP = (
    "INSERT INTO consumed_events (consumer, source, entry, id, type, workspace, sequence, time, "
    "command_id, value, topic, partition, record_offset) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
UNDO = (
    "DELETE FROM consumed_events WHERE consumer = %s AND topic = %s AND partition = %s "
    "AND record_offset >= %s"
)


def make_table(inbox: Inbox) -> None:
    with inbox.transaction() as c:
        inbox.lock(c)
        inbox.execute(c, TABLE)


def keep(event: Event, inbox: Inbox, c: Any) -> None:
    """Insert the event. One that comes twice breaks the key: nothing hides it."""
    headers = event.headers
    values = (
        *(inbox.group, event.source, event.entry, headers["ce_id"], event.type, event.workspace),
        *(event.sequence, headers["ce_time"], headers["ce_commandid"], event.value.decode()),
        *(event.topic, event.partition, event.offset),
    )
    inbox.execute(c, KEEP, values)


def undo(inbox: Inbox, c: Any, topic: str, partition: int, offset: int) -> None:
    inbox.execute(c, UNDO, (inbox.group, topic, partition, offset))
