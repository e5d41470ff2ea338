"""Message DB beside ours: its own SQL, its ``write_message`` prepared, with an expected version.

The rest of its clients' work, objects and their JSON, is as little as can be.
"""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.ours import ANN, recipient

PACKAGE = Path(__file__).parents[3] / ".venv/message_db/node_modules/@eventide/message-db/database"
"""Where ``.ci/install-servers`` puts it."""
PARTS = (
    *("roles/message-store", "schema/message-store", "extensions/pgcrypto", "tables/messages"),
    *(f"functions/{name}" for name in ("hash-64", "acquire-lock", "category", "id", "cardinal-id")),
    *("functions/stream-version", "functions/write-message"),
    *(f"indexes/messages-{name}" for name in ("id", "stream", "category")),
)
WRITE = "SELECT message_store.write_message(%s, %s, 'SendReserved', %s, NULL, %s)"

Write = Callable[[], object]


def message_db_writers(url: str, names: list[str]) -> list[Write]:
    """A category each, which is what it locks, and a connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        there = connection.execute("SELECT to_regclass('message_store.messages')").fetchone()
        if there == (None,):
            connection.execute("SET search_path = message_store, public")
            for part in PARTS:
                connection.execute((PACKAGE / f"{part}.sql").read_bytes())
    return [_writer(url, name.replace("-", "_")) for name in names]


def _writer(url: str, category: str) -> Write:
    connection = psycopg.connect(
        url, autocommit=True, prepare_threshold=0, options="-c search_path=message_store,public"
    )
    writes = _writes(f"{category}-{uuid4()}")
    return lambda: connection.execute(WRITE, next(writes))


def _writes(stream: str) -> Iterator[tuple[str, str, str, int]]:
    for number in count():
        data = {"recipient_id": recipient(number), "account_id": ANN, "send_id": f"m{number:07}"}
        yield str(uuid4()), stream, json.dumps(data), number - 1
