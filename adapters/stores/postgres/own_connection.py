"""A connection of its own, for what lasts as long as a connection: a lock, or listening."""

from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo

from adapters.stores.postgres.datastore import KEEPALIVE, parameters
from adapters.stores.postgres.store import PostgresStore

DEFAULTS: dict[str, str | int] = {**KEEPALIVE, "connect_timeout": 5, "tcp_user_timeout": 20_000}
"""Seconds to wait for the server, and milliseconds after which a silent one is given up."""


def own_connection(store: PostgresStore, purpose: str) -> Connection[Any]:
    """Outside of the store's pool; its ``application_name`` tells what it is for.

    Each statement is a transaction of its own. Raises ``psycopg.Error``.
    """
    given = {**DEFAULTS, **parameters(store.url)}
    conninfo = make_conninfo("", **{**given, "application_name": f"sendledger {purpose}"})
    connection = psycopg.connect(conninfo, autocommit=True)
    settings = "SELECT set_config('lock_timeout', %s, false), set_config('TimeZone', 'UTC', false)"
    connection.execute(settings, (f"{store.datastore.lock_timeout}s",))
    return connection
