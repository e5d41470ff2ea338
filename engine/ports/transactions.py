"""Workspaces: read without a lock; or locked to read, decide and append, all or nothing."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, Protocol, cast

from eventsourcing.persistence import StoredEvent

from engine.ports.log import Row
from events.catalogue import Template
from events.recorded import Envelope
from processors.timers import Key, Timer

NewRow = tuple[str, int, str, bytes]
"""An event to be stored: stream id, version, topic, state."""


class Run(NamedTuple):
    """Events of one stream and topic, one version after the other; states differ in one text."""

    stream_id: str
    version: int
    """Of the first."""
    topic: str
    states: Template


class NewRows(Collection[NewRow]):
    """Rows of which a store may take runs as a whole."""

    @abstractmethod
    def pieces(self) -> Iterator[NewRow | Run]:
        """All rows in order, those of a run together."""


def in_runs(rows: Collection[NewRow]) -> Iterator[Run | Iterator[NewRow]]:
    """Runs, and the rows between them, in order; each to be gone through before the next."""
    pieces = rows.pieces() if isinstance(rows, NewRows) else rows
    for kind, some in groupby(pieces, type):
        if kind is Run:
            yield from cast("Iterator[Run]", some)
        else:
            yield cast("Iterator[NewRow]", some)


class Append(NamedTuple):
    """Everything that a transaction writes to its workspace; a store can only add (F1).

    The events take the next positions of the log, in this order, when the transaction commits;
    until then these are unknown, so the positions in ``envelopes`` count from 1 within the append.
    ``timers`` holds each key's timer from now on, None if it is cleared.
    """

    events: Collection[NewRow]
    """Rows may be made on iteration, so that making and writing them can overlap."""
    envelopes: Sequence[Envelope]
    timers: Mapping[Key, Timer | None]
    roster: Iterable[tuple[str, str]]


class WorkspaceReading(Protocol):
    """One workspace as it is at one moment."""

    now: datetime
    """The store's clock, UTC, never earlier than anything recorded in the workspace."""
    last_position: int
    """No event of the workspace is after it; it stays the same as long as nobody writes to the
    workspace."""

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        """The stream's events after that version; read it to its end before anything else."""
        ...

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        """The newest snapshot of that topic."""
        ...

    def envelope(self, command_id: str) -> Envelope | None: ...

    def timers(self, until: datetime) -> Sequence[Timer]:
        """Timers due at or before that moment."""
        ...

    def roster(self, entry: str) -> Sequence[str]: ...


class WorkspaceTransaction(WorkspaceReading, Protocol):
    """One workspace under its lock, from ``now`` until commit or rollback."""

    @property
    def appended_after(self) -> int:
        """After the commit: the position after which the appended events are."""
        ...

    def append(self, append: Append) -> None:
        """Write everything with the commit; once per transaction.

        Raises ``StoreError``, here or at the commit, if somebody else wrote to one of the streams,
        or one of the commands is recorded already.
        """
        ...


class Transactions(Protocol):
    def look(self, workspace: str) -> AbstractContextManager[WorkspaceReading]:
        """Read the workspace without locking it: nobody waits, and nothing can be written.

        Everything read is of the moment at which the look began, whoever writes meanwhile. In a
        store opened read-only, this also holds for what the thread reads of the log and the views
        in the block.
        """
        ...

    def transaction(
        self, workspace: str, command_ids: Sequence[str] = ()
    ) -> AbstractContextManager[WorkspaceTransaction]:
        """Lock the workspace; commit at the end, roll back on any exception.

        ``command_ids``: commands whose envelopes will be asked for; they are fetched with the lock.
        """
        ...

    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> AbstractContextManager[Mapping[str, WorkspaceTransaction]]:
        """Lock several workspaces, each with its command ids, and commit them together.

        Workspaces that somebody else has locked may be left out: this does not wait for them.
        """
        ...

    def save_snapshot(self, snapshot: StoredEvent) -> None: ...
