"""What was decided without a lock, appended in one message, on connections of their own.

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

from adapters.stores.postgres.append import LARGE, Placed, event_columns, few, storable
from adapters.stores.postgres.message import (
    Call,
    Value,
    answered,
    bigint,
    bigints,
    moment,
    moment_of,
    moments,
    number_of,
    rows,
    text,
    texts,
    texts_of,
)
from adapters.stores.postgres.own_connection import own_connection
from engine.ports.optimistic import Proposal

if TYPE_CHECKING:
    from adapters.stores.postgres.store import PostgresStore

SETTINGS = (
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET client_encoding = 'UTF8'; SET default_transaction_isolation = 'read committed'; "
    "SET plan_cache_mode = 'force_generic_plan'"
)
CONNECTIONS = 3
"""What an engine's leaders need. Each is made when it is needed."""
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
    """Of one store. Safe to share between threads; one for each connection appends at a time."""

    def __init__(self, store: "PostgresStore") -> None:
        self.clock = ServerClock()
        self._store = store
        self._lines = [_Line(store, self.clock) for _ in range(CONNECTIONS)]

    def moment(self) -> datetime | None:
        if self._store.read_only or all(monotonic() < each.not_before for each in self._lines):
            return None
        return self._store.told_now() or self.clock.now()

    def append(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        """As the port has it: in one message, and in another without those that had moved."""
        found: dict[str, int] = {}
        left = proposals if sum(len(each.append.events) for each in proposals) < LARGE else ()
        with self._free_line() as line, self._store.explained(), line.used() as connection:
            while left and connection and not found:
                moved = self._append(connection, now, left, found)
                left = [each for each in left if each.workspace not in moved]
        return [found.get(each.workspace) for each in proposals]

    def close(self) -> None:
        for line in self._lines:
            with line.lock:
                line.drop()

    @contextmanager
    def _free_line(self) -> Iterator["_Line"]:
        """The first that is free, so that one who is alone always has the same."""
        for line in self._lines:
            if line.lock.acquire(blocking=False):
                break
        else:
            line = self._lines[0]
            line.lock.acquire()
        try:
            yield line
        finally:
            line.lock.release()

    def _append(
        self,
        connection: Connection[Any],
        now: datetime,
        proposals: Sequence[Proposal],
        found: dict[str, int],
    ) -> set[str]:
        """Answers which had moved; where none had, it notes all positions."""
        (result,) = answered(connection, _call(proposals, now, self._store.told_now()))
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


class _Line:
    """A connection, made when it is first used, and made anew after it was lost."""

    def __init__(self, store: "PostgresStore", clock: ServerClock) -> None:
        self.lock = Lock()
        self.not_before = 0.0
        self._store, self._clock = store, clock
        self._connection: Connection[Any] | None = None

    @contextmanager
    def used(self) -> Iterator[Connection[Any] | None]:
        """None if there can be none now: whoever goes the other way finds out why."""
        if self._connection is None and monotonic() >= self.not_before:
            self._connect()
        try:
            yield self._connection
        except psycopg.Error:
            self.drop()
            raise

    def _connect(self) -> None:
        try:
            self._connection = own_connection(self._store, "commands")
            self._connection.execute(SETTINGS)
        except psycopg.Error:
            self.drop()
            self.not_before = monotonic() + RECONNECT_AFTER

    def drop(self) -> None:
        self._clock.forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _call(proposals: Sequence[Proposal], now: datetime, told: datetime | None) -> Call:
    """What is plainest for the server."""
    moments = moment(told), moment(now)
    if not all(map(_is_plain, proposals)):
        return _any(proposals, now, *moments)
    if len(proposals) == len(proposals[0].append.events) == len(proposals[0].append.envelopes) == 1:
        return _one(proposals[0], *moments)
    return _plain(proposals, *moments)


def _is_plain(proposal: Proposal) -> bool:
    """Events and their envelopes, and one for each command."""
    _, envelopes, timers, roster = proposal.append
    if timers or [*roster] or not all(each.event_count for each in envelopes):
        return False
    return {each.command_id for each in envelopes}.issuperset(proposal.command_ids)


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


def _plain(proposals: Sequence[Proposal], told: Value, now: Value) -> Call:
    counts = [len(each.append.events) for each in proposals]
    lasts = [*accumulate(counts)]
    envelopes = [envelope for each in proposals for envelope in each.append.envelopes]
    ids, commands, names, _, *told_of, _, sizes, rejections = zip(*envelopes, strict=True)
    firsts = [last - size + 1 for last, size in zip(accumulate(sizes), sizes, strict=True)]
    values = (
        *(told, now, *_ends(proposals), bigints(lasts), bigints(counts)),
        *event_columns(each.append for each in proposals),
        *map(texts, (ids, commands, names, *told_of)),
        *(bigints(firsts), bigints(sizes), texts(rejections)),
    )
    return "append_plain_unmoved", values


def _any(proposals: Sequence[Proposal], at: datetime, told: Value, now: Value) -> Call:
    asked = [(each.workspace, one) for each in proposals for one in each.command_ids]
    values = (
        *(told, now, *_ends(proposals)),
        *(texts([name for name, _ in asked]), texts([one for _, one in asked])),
        *few([Placed(each.workspace, at, each.append) for each in proposals]),
    )
    return "append_unmoved", values


def _ends(proposals: Sequence[Proposal]) -> tuple[bytes, bytes, bytes]:
    names, ends = [each.workspace for each in proposals], [each.end for each in proposals]
    positions, times = zip(*ends, strict=True)
    return texts(names), bigints(positions), moments(times)
