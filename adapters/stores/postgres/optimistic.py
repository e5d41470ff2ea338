"""What was decided without a lock, appended in one message, on a connection of its own.

The procedures that are called commit, so they cannot set how their plans are made: the connection
does, as no plan may count on small tables. What they read must be newer than their locks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Connection

from adapters.stores.postgres.append import LARGE, Placed, few, storable
from adapters.stores.postgres.message import (
    BIGINT,
    TIME,
    Call,
    Value,
    answered,
    array,
    bigint,
    moment,
    moment_of,
    number_of,
    rows,
    text,
    texts,
    texts_of,
    time_value,
)
from adapters.stores.postgres.own_connection import own_connection
from engine.ports.optimistic import Proposal

if TYPE_CHECKING:
    from adapters.stores.postgres.store import PostgresStore

SETTINGS = (
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET client_encoding = 'UTF8'; SET default_transaction_isolation = 'read committed'"
)
RECONNECT_AFTER = 1.0
"""Seconds in which everything goes the other way after a connection could not be made."""
DRIFT = 0.0002
"""Seconds by which our clock may be ahead of the server's after a second. More costs a miss."""


class ServerClock:
    """What the server's clock must have passed by now. Safe to share between threads.

    A time that was heard was read before it was heard, and since then at least as much has passed
    as here, but for what one of the clocks may go wrong by.
    """

    def __init__(self) -> None:
        self._heard: tuple[datetime, float] | None = None
        self._lock = Lock()

    def now(self) -> datetime | None:
        """Never earlier than what was heard. None if nothing was."""
        heard = self._heard
        if heard is None:
            return None
        told, at = heard
        return told + timedelta(seconds=(monotonic() - at) * (1 - DRIFT))

    def heard(self, told: datetime) -> None:
        with self._lock:
            now = self.now()
            if now is None or told > now:
                self._heard = told, monotonic()

    def corrected(self, told: datetime) -> None:
        """Whatever was heard before does not count: the clock may have been set."""
        self._heard = told, monotonic()

    def forget(self) -> None:
        self._heard = None


class UnmovedAppends:
    """Of one store. Safe to share between threads, which take turns."""

    def __init__(self, store: "PostgresStore") -> None:
        self.clock = ServerClock()
        self._store = store
        self._connection: Connection[Any] | None = None
        self._lock = Lock()
        self._not_before = 0.0

    def moment(self) -> datetime | None:
        if self._store.read_only or monotonic() < self._not_before:
            return None
        return self._store.told_now() or self.clock.now()

    def append(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        """As the port has it: in one message, and in another without those that had moved."""
        found: dict[str, int] = {}
        left = proposals if sum(len(each.append.events) for each in proposals) < LARGE else ()
        with self._lock, self._store.explained(), self._used() as connection:
            while left and connection and not found:
                moved = self._append(connection, now, left, found)
                left = [each for each in left if each.workspace not in moved]
        return [found.get(each.workspace) for each in proposals]

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _append(
        self,
        connection: Connection[Any],
        now: datetime,
        proposals: Sequence[Proposal],
        found: dict[str, int],
    ) -> set[str]:
        """Answers which had moved; where none had, it notes all positions."""
        moments = moment(self._store.told_now()), moment(now)
        alone = len(proposals) == 1 and _is_one_event(proposals[0])
        call = _one(proposals[0], *moments) if alone else _several(proposals, now, *moments)
        (result,) = answered(connection, call)
        ((after, told, *names),) = rows(result)
        if after is None:
            self.clock.corrected(moment_of(told))
            return set(texts_of(*names)) if names else {proposals[0].workspace}
        self.clock.heard(moment_of(told))
        counts = [len(each.append.events) for each in proposals]
        positions = accumulate(counts, initial=number_of(after))
        found.update(
            (each.workspace, place) for each, place in zip(proposals, positions, strict=False)
        )
        return set()

    @contextmanager
    def _used(self) -> Iterator[Connection[Any] | None]:
        """None if there can be none now: whoever goes the other way finds out why."""
        if self._connection is None:
            self._connect()
        try:
            yield self._connection
        except psycopg.Error:
            self._drop()
            raise

    def _connect(self) -> None:
        try:
            self._connection = own_connection(self._store, "commands")
            self._connection.execute(SETTINGS)
        except psycopg.Error:
            self._drop()
            self._not_before = monotonic() + RECONNECT_AFTER

    def _drop(self) -> None:
        self.clock.forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _is_one_event(proposal: Proposal) -> bool:
    events, envelopes, timers, roster = proposal.append
    ids = [each.command_id for each in envelopes]
    return len(events) == 1 and ids == [*proposal.command_ids] and not timers and not [*roster]


def _one(proposal: Proposal, told: Value, now: Value) -> Call:
    ((stream, version, topic, state),) = storable(proposal.append.events)
    (envelope,) = proposal.append.envelopes
    workspace = proposal.workspace
    position, left_at = proposal.end
    values = (
        *(told, now, text(workspace), bigint(position), moment(left_at)),
        *(text(envelope.command_id), text(stream), bigint(version), text(topic), state),
        *(text(envelope.command), text(envelope.actor), text(envelope.correlation_id)),
        *(text(envelope.causation_id), text(envelope.rejection)),
    )
    return "append_one_unmoved", values


def _several(proposals: Sequence[Proposal], at: datetime, told: Value, now: Value) -> Call:
    asked = [(each.workspace, one) for each in proposals for one in each.command_ids]
    values = (
        *(told, now, texts([each.workspace for each in proposals])),
        array(BIGINT, [bigint(each.end.last_position) for each in proposals]),
        array(TIME, [time_value(each.end.recorded_at) for each in proposals]),
        *(texts([name for name, _ in asked]), texts([one for _, one in asked])),
        *few([Placed(each.workspace, at, each.append) for each in proposals]),
    )
    return "append_unmoved", values
