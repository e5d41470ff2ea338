"""Where a store's views are in the other database, and how far each partition has been folded."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql

from adapters.kafka.consumer.consumer import Refused
from adapters.kafka.consumer.inbox import Inbox
from adapters.stores.postgres.tables import described
from adapters.stores.postgres.views import make_table
from projections.shipped import SHIPPED

VIEWS = " ".join(sorted(each.tracking_name for each in SHIPPED))
"""Names and versions; rows of other versions are not folded further."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS projected_topics (
        topic text PRIMARY KEY, store_id text NOT NULL UNIQUE,
        consumer text NOT NULL, views text NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS projected_partitions (
        topic text NOT NULL, partition integer NOT NULL, position bigint NOT NULL,
        entry bigint NOT NULL, recorded_at timestamptz NOT NULL,
        PRIMARY KEY (topic, partition))""",
)
_BOUND = (
    "SELECT topic, store_id, consumer, views FROM projected_topics "
    "WHERE topic = %(topic)s OR store_id = %(store_id)s"
)
_BIND = (
    "INSERT INTO projected_topics (topic, store_id, consumer, views) "
    "VALUES (%(topic)s, %(store_id)s, %(consumer)s, %(views)s) ON CONFLICT DO NOTHING"
)
_POSITION = "SELECT position FROM projected_partitions WHERE topic = %s AND partition = %s"
_MOVE = (
    "INSERT INTO projected_partitions (topic, partition, position, entry, recorded_at) "
    "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (topic, partition) DO UPDATE SET "
    "position = excluded.position, entry = excluded.entry, recorded_at = excluded.recorded_at"
)
_SEARCH = "SELECT set_config('search_path', %s, true)"
_DO_NOT_WAIT = "SET LOCAL synchronous_commit = off"
_STORE_OF = "DELETE FROM projected_topics WHERE topic = %s AND consumer = %s RETURNING store_id"
_LEAVE = "DELETE FROM projected_partitions WHERE topic = %s"


class Binding(NamedTuple):
    """One topic belongs to one store, and one group keeps its views."""

    topic: str
    store_id: str
    consumer: str
    views: str = VIEWS


class Reached(NamedTuple):
    position: int
    entry: int
    recorded_at: datetime


def schema_of(store_id: str) -> str:
    return f"sendledger_{store_id}"


def make_tables(inbox: Inbox) -> None:
    with inbox.transaction() as c:
        inbox.lock(c)
        for each in TABLES:
            c.execute(each)


def bind(c: Any, wanted: Binding) -> None:
    """Create the tables of the store's views if there are none. Raises ``Refused``."""
    found = c.execute(_BOUND, wanted._asdict()).fetchall()
    if not found:
        if c.execute(_BIND, wanted._asdict()).rowcount:
            _make_schema(c, schema_of(wanted.store_id))
        found = c.execute(_BOUND, wanted._asdict()).fetchall()
    if found != [wanted]:
        refuse(wanted, Binding._make(found[0]))


def refuse(wanted: Binding, found: Binding) -> None:
    if (found.topic, found.store_id) != (wanted.topic, wanted.store_id):
        why = (
            f"topic {found.topic} tells store {found.store_id} in this database, and topic "
            f"{wanted.topic} store {wanted.store_id}. Each store needs one topic of its own"
        )
    elif found.consumer != wanted.consumer:
        why = f"group {found.consumer} keeps the views of {found.topic}. Name that group"
    else:
        why = (
            f"the views of {found.topic} are of other versions ({found.views}) than this program's "
            f"({wanted.views}). Use the program that made them, or fold them anew: --start-over"
        )
    raise Refused(f"Nothing is projected: {why}.")


def _make_schema(c: Any, schema: str) -> None:
    c.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    (before,) = c.execute("SELECT current_setting('search_path')").fetchone()
    c.execute(_SEARCH, (schema,))
    for projection in SHIPPED:
        make_table(c, described(projection))
    c.execute(_SEARCH, (before,))


def position_of(c: Any, topic: str, partition: int) -> int:
    """The position of the last event folded into this partition's rows; 0 if there is none."""
    found = c.execute(_POSITION, (topic, partition)).fetchone()
    return int(found[0]) if found else 0


def move(c: Any, topic: str, partition: int, to: Reached) -> None:
    c.execute(_MOVE, (topic, partition, *to))


def go_there(c: Any, store_id: str) -> None:
    """Let tables without a schema mean this store's views, for the rest of the transaction."""
    c.execute(_DO_NOT_WAIT)
    c.execute(_SEARCH, (schema_of(store_id),))


def undo(inbox: Inbox, c: Any, topic: str, _partition: int, _offset: int) -> None:
    """Drop all views of the topic. Positions are reset first: a process that is folding ends
    before, or is overtaken after."""
    inbox.restart(c, topic, {})
    found = c.execute(_STORE_OF, (topic, inbox.group)).fetchone()
    if found:
        c.execute(_LEAVE, (topic,))
        schema = sql.Identifier(schema_of(found[0]))
        c.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
