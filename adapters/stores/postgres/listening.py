"""Waking up when the server tells that something was written, and at the latest after a while.

A notification is a wake-up call and no more: one may come for nothing, and while the connection is
lost none comes. So whoever waits looks for itself afterwards, and never waits long.
"""

import os
import selectors
from threading import Lock
from time import monotonic
from typing import Any

import psycopg
from psycopg import Connection, sql

from adapters.stores.postgres.own_connection import own_connection
from adapters.stores.postgres.store import PostgresStore

EVENTS = "stored_events"
"""Events were appended, or an operator let a view go on."""
VIEWS = "views"
"""A view has come further."""
LONGEST_WAIT = 1.0
"""Seconds after which whoever was not woken looks for itself."""
RECONNECT_AFTER = 0.5


class Listener:
    """Listens from its making on, so that what is written after the first look wakes it.

    One thread waits; any thread may close it. A connection that is lost is made anew.
    """

    def __init__(self, store: PostgresStore, channel: str = EVENTS) -> None:
        self._store = store
        self._channel = f"{store.datastore.schema}.{channel}"
        self._connection: Connection[Any] | None = None
        self._closed = self._released = False
        self._waiting, self._closing = Lock(), Lock()
        self._alarm, self._bell = os.pipe()
        self._connect()

    def wait(self, timeout: float = LONGEST_WAIT) -> bool:
        """Up to so many seconds, at most ``LONGEST_WAIT``. True when something was heard.

        Also when something may have been missed: look now. False at once when it is closed.
        """
        with self._waiting:
            try:
                return not self._closed and self._heard(min(timeout, LONGEST_WAIT))
            finally:
                if self._closed:
                    self._release()

    def close(self) -> None:
        """Whoever waits is woken, and nobody hears anything any more."""
        if not self._closing.acquire(blocking=False):
            return
        os.write(self._bell, b"\n")
        self._closed = True
        if self._waiting.acquire(timeout=LONGEST_WAIT):
            self._release()
            self._waiting.release()

    def _heard(self, timeout: float) -> bool:
        if self._connection is None:
            if self._connect():
                return True
            self._ready(min(timeout, RECONNECT_AFTER))
            return False
        try:
            return self._notified(timeout)
        except psycopg.Error:
            self._disconnect()
            return True

    def _notified(self, timeout: float) -> bool:
        assert self._connection is not None
        server = self._connection.pgconn
        deadline = monotonic() + timeout
        while True:
            ready = self._ready(deadline - monotonic(), server.socket)
            if server.socket not in ready:
                return False
            server.consume_input()
            heard = False
            while server.notifies():
                heard = True
            if heard:
                return True

    def _ready(self, timeout: float, *sockets: int) -> set[int]:
        """Which of them have something to be read; none when it is closed."""
        with selectors.DefaultSelector() as selector:
            for each in (self._alarm, *sockets):
                selector.register(each, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(max(timeout, 0))}
        return set() if self._alarm in ready else ready

    def _connect(self) -> bool:
        try:
            connection = own_connection(self._store, f"listener {self._channel}")
            self._connection = connection
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        except psycopg.Error:
            self._disconnect()
        return self._connection is not None

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _release(self) -> None:
        """By the last who uses it."""
        if not self._released:
            self._released = True
            self._disconnect()
            os.close(self._alarm)
            os.close(self._bell)
