"""Connections to one schema of a PostgreSQL database, by the library's pool."""

import os
from collections.abc import Callable
from math import ceil
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.utils import strtobool
from psycopg import Connection, ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from engine.ports.errors import StoreError

FORBIDDEN = "POSTGRES_ENABLE_DB_FUNCTIONS"
CONNECT_TIMEOUT = 10
"""Seconds to wait for a server, and for a connection of the pool to be free."""
RECONNECT_TIMEOUT = 5
"""Seconds after which the pool gives a lost connection up. Whoever asks next has it try at once;
otherwise it would try more and more seldom, long after the server is back."""
IDLE_TIMEOUT = 60
"""Seconds after which the server cuts a client that hangs in a transaction; the URL's ``options``
may say otherwise."""
IDLE_SETTING = "idle_in_transaction_session_timeout"
OF_THE_LIBRARY = ("dbname", "host", "port", "user", "password")
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "tcp_user_timeout": 60_000,
}
"""Seconds, and milliseconds for the last: how long a silent network is trusted."""


class LedgerDatastore(PostgresDatastore):
    """``url`` is libpq's, the schema the first of its ``search_path``; ``lock_timeout`` in seconds.

    Raises ``StoreError`` for a URL that cannot be used, and where the library's database functions
    are enabled: they take no lock, so readers would miss events, and they drop positions.
    """

    def __init__(
        self,
        url: str,
        *,
        lock_timeout: float,
        pool_size: int,
        pool_max: int,
        read_only: bool = False,
    ) -> None:
        refuse_database_functions()
        given = parameters(url)
        self.name = named(given)
        self._options = given.get("options", "")
        self._read_only = read_only
        self._lock_timeout = f"{round(lock_timeout * 1000)}ms"
        super().__init__(
            *(given.get(each, "") for each in OF_THE_LIBRARY),
            connect_timeout=CONNECT_TIMEOUT,
            idle_in_transaction_session_timeout=IDLE_TIMEOUT,
            pool_size=pool_size,
            max_overflow=pool_max - pool_size,
            lock_timeout=ceil(lock_timeout),
            originator_id_type="text",
        )
        rest = {name: value for name, value in given.items() if name not in OF_THE_LIBRARY}
        known = {name: given[name] for name in OF_THE_LIBRARY if name in given}
        self.pool.reconnect_timeout = RECONNECT_TIMEOUT
        assert isinstance(self.pool.kwargs, dict)
        for name in OF_THE_LIBRARY:
            self.pool.kwargs.pop(name)
        self.pool.kwargs |= KEEPALIVE | {"application_name": "sendledger"} | known | rest

    def probe(self) -> None:
        """Connects once without the pool, which would keep to itself why it cannot."""
        assert isinstance(self.pool.kwargs, dict)
        given = {"connect_timeout": CONNECT_TIMEOUT, **self.pool.kwargs}
        psycopg.connect(**given).close()

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        configure = super().after_connect_func()
        lock_timeout = self._lock_timeout
        url_says = IDLE_SETTING in self._options
        read_only = self._read_only

        def after_connect(connection: Connection[Any]) -> None:
            configure(connection)
            if url_says:
                connection.execute(f"RESET {IDLE_SETTING}")
            connection.execute(
                "SELECT set_config('lock_timeout', %s, false), "
                "set_config('TimeZone', 'UTC', false), "
                "set_config('client_encoding', 'UTF8', false), "
                "set_config('default_transaction_isolation', 'read committed', false)",
                (lock_timeout,),
            )
            if read_only:  # otherwise as the server has it: it may be made to read only, for a time
                connection.execute("SET default_transaction_read_only = on")

        return after_connect


class UnsafeFunctions(StoreError):
    sentence = (
        "{variable} is set. The library's database functions lose events for readers and drop "
        "positions. Unset it; Sendledger has its own."
    )


class NotAUrl(StoreError):
    sentence = (
        "This is not the URL of a PostgreSQL database. Expected is "
        "postgresql://user@host:5432/database; write %40 for an @ in a name."
    )


def refuse_database_functions() -> None:
    value = os.environ.get(FORBIDDEN)
    try:
        enabled = strtobool(value) if value else False
    except ValueError:
        enabled = True
    if enabled:
        raise UnsafeFunctions(variable=FORBIDDEN)


def parameters(url: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise NotAUrl from None


def named(given: dict[str, str]) -> str:
    """The store as it may be told to anybody: without a password."""
    user = f"{given['user']}@" if "user" in given else ""
    port = f":{given['port']}" if "port" in given else ""
    return f"postgresql://{user}{given.get('host', '')}{port}/{given.get('dbname', '')}"
