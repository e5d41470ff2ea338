"""The log: every event in one order, read by position."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from events.recorded import Envelope

Row = tuple[int, str, int, str, bytes]
"""An event as stored: position, stream id, version, topic, undecoded state. A plain tuple, because
a log has millions of them and this is what drivers answer."""


class Page(NamedTuple):
    """Consecutive rows of the log and every envelope they came in, in order of position."""

    rows: Sequence[Row]
    envelopes: Sequence[Envelope]


class StoreIdentity(NamedTuple):
    """What tells this store's history from every other one."""

    store_id: str
    """Random, for good; a copy of a store gets one of its own (``store new-id``)."""
    generation: int
    """From 1; raised when something that may have been told outside stays lost."""


class Generation(NamedTuple):
    """A stretch of the store's history: from here on, positions are told under this number."""

    number: int
    first_entry: int
    first_position: int
    """What the first event of it takes, or would take."""
    began_at: datetime


BEGINS = "BeginGeneration"
"""What stands for the command of a generation's first entry, where that names a checkpoint."""


class Entry(NamedTuple):
    """A place in the log's one order: an event, or an envelope without events."""

    number: int
    """From 0, without a gap, fixed at the commit."""
    envelope: Envelope
    row: Row | None
    """None for an envelope without events."""

    @property
    def named(self) -> str | None:
        """The checkpoint that a generation's first entry names."""
        begins = self.envelope.command == BEGINS
        return self.envelope.command_id.partition(":")[2] if begins else None


class Log(Protocol):
    """Read only: whoever has no more than this changes nothing."""

    @property
    def name(self) -> str:
        """The store as it may be told to anybody: without a password."""
        ...

    def now(self) -> datetime:
        """The store's clock, UTC."""
        ...

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position, without a gap."""
        ...

    @property
    def identity(self) -> StoreIdentity:
        """Raises ``StoreError`` for a store of before it had one, opened to be read."""
        ...

    def generations(self) -> Sequence[Generation]:
        """All of them, in order; the first begins with the log. Raises as ``identity``."""
        ...

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries after that one (-1 for all), in order, without a gap.

        Raises as ``identity``, and ``GapInEntries``, ``GapInLog`` or ``MissingEnvelope`` where the
        store's numbering does not fit its log.
        """
        ...

    def last_entry(self) -> int:
        """-1 for a log without any."""
        ...

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """In what came the events of that command; None for one that was never recorded."""
        ...

    def envelopes_of(self, workspace: str, after: int, limit: int) -> Sequence[Envelope]:
        """Up to ``limit`` of the workspace's envelopes that hold events, in order of position.

        Those that begin after that position.
        """
        ...

    def last_position(self) -> int: ...

    def announced_position(self) -> int:
        """The last position that an envelope speaks of: the log's end, unless it was cut off."""
        ...

    def last_position_until(self, at: datetime) -> int:
        """The last position whose facts were recorded at or before that time; 0 for none.

        Before it there may be facts of other workspaces that were recorded later.
        """
        ...

    def stream(self, stream_id: str, until: int) -> Page:
        """The events of one stream up to that position, and the envelopes that they came in."""
        ...

    def workspaces(self) -> Sequence[str]:
        """Every workspace in which something was recorded, in order."""
        ...

    def reach_disk(self) -> None:
        """Comes back when all that was read here is on the disk: before it is told outside."""
        ...
