"""The log: every event in one order, read by position."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from events.recorded import Envelope

Row = tuple[int, str, int, str, bytes]
"""An event as stored: position, stream id, version, topic, undecoded state. A plain tuple, because
a log has millions of them and this is what drivers return."""


class Page(NamedTuple):
    """Consecutive rows of the log, and all their envelopes, in order of position."""

    rows: Sequence[Row]
    envelopes: Sequence[Envelope]


class StoreIdentity(NamedTuple):
    """What distinguishes this store's history from every other."""

    store_id: str
    """Random, and never changed; a copy of a store is given its own (``store new-id``)."""
    generation: int
    """Counts from 1; raised when a part of the log that may have been published stays lost."""


class Generation(NamedTuple):
    """A stretch of the store's history: from here on, positions are published under this number."""

    number: int
    first_entry: int
    first_position: int
    """The position that its first event has, or will have."""
    began_at: datetime


BEGINS = "BeginGeneration"
"""The command's name in a generation's first entry, if that names a checkpoint."""


class Entry(NamedTuple):
    """A place in the log's one order: an event, or an envelope without events."""

    number: int
    """Counts from 0, without gaps; fixed at the commit."""
    envelope: Envelope
    row: Row | None
    """None for an envelope without events."""

    @property
    def named(self) -> str | None:
        """The checkpoint that a generation's first entry names."""
        begins = self.envelope.command == BEGINS
        return self.envelope.command_id.partition(":")[2] if begins else None


class Log(Protocol):
    """Read-only access: whoever has only this cannot change anything."""

    @property
    def name(self) -> str:
        """The store's name, fit to be shown to anybody: without a password."""
        ...

    def now(self) -> datetime:
        """The store's clock, UTC."""
        ...

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position, without gaps."""
        ...

    @property
    def identity(self) -> StoreIdentity:
        """The store's identity. Raises ``StoreError`` for an old store without one that was opened
        read-only."""
        ...

    def generations(self) -> Sequence[Generation]:
        """All generations, in order; the first begins with the log. Raises what ``identity``
        raises."""
        ...

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries after that one (-1: from the first), in order, without gaps.

        Raises what ``identity`` raises, and ``GapInEntries``, ``GapInLog`` or ``MissingEnvelope``
        if the store's numbering does not fit its log.
        """
        ...

    def last_entry(self) -> int:
        """The number of the last entry; -1 for an empty log."""
        ...

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """The envelope of that command; None if it was never recorded."""
        ...

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        """Up to ``limit`` of the workspace's envelopes that hold events and begin after that
        position, in order of position.
        """
        ...

    def last_position(self) -> int: ...

    def announced_position(self) -> int:
        """The last position that an envelope covers: the log's end, unless it was cut off."""
        ...

    def last_position_until(self, at: datetime) -> int:
        """The last position whose facts were recorded at or before that time; 0 for none.

        Facts of other workspaces that were recorded later may have smaller positions.
        """
        ...

    def stream(self, stream_id: str, until: int) -> Page:
        """The events of one stream up to that position, and their envelopes."""
        ...

    def workspaces(self) -> Sequence[str]:
        """Every workspace in which something was recorded, sorted."""
        ...

    def reach_disk(self) -> None:
        """Wait until everything read here is on the disk; call this before publishing it."""
        ...
