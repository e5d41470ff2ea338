"""What a store derives from its log: for checking it, and for deriving it anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from eventsourcing.persistence import StoredEvent

from engine.ports.log import Entry, StoreIdentity
from processors.timers import Timer


class Indexes(NamedTuple):
    """What a store derives from its log for timers and roster, all of one moment."""

    position: int
    """The log's end at that moment."""
    timers: Sequence[tuple[str, Timer]]
    """Each timer with its workspace."""
    roster: Sequence[tuple[str, str, str]]
    """Workspace, entry, campaign."""
    due: Mapping[str, datetime]
    """By workspace, the time that ``due_workspaces`` uses."""


def earliest(timers: Iterable[tuple[str, Timer]]) -> dict[str, datetime]:
    """By workspace, when its first timer is due."""
    due: dict[str, datetime] = {}
    for workspace, timer in timers:
        due[workspace] = min(timer.due_at, due.get(workspace, timer.due_at))
    return due


class Counted(NamedTuple):
    events: int
    envelopes: int


class Maintenance(Protocol):
    def raise_generation(self, named: str | None = None) -> StoreIdentity:
        """Begin the next generation after the log's last entry: what was published beyond it is
        lost.

        ``named``: what its first entry names; that is an envelope without events in the workspace
        of the last entry (``engine.appending.first_of_generation``). In an empty log nothing is
        named.
        """
        ...

    def renew_identity(self) -> StoreIdentity:
        """Give the store a new id, and generation 1: it is a copy, with its own history."""
        ...

    def append_recorded(self, entries: Sequence[Entry]) -> None:
        """Write entries that were recorded before, unchanged: place, envelope and time.

        All or none are written, and nothing that derives from them (``replace_indexes``). Raises
        ``NotContinued`` unless they continue exactly where the log ends, in whole commands.
        """
        ...

    def counted_until(self, position: int) -> Counted:
        """The number of stored rows that begin at or before that position; in a sound store, only
        those of the log's entries."""
        ...

    def unnumbered_envelopes(self) -> int:
        """The number of envelopes without events that are not entries of the log; 0 in a sound
        store."""
        ...

    def odd_workspaces(self) -> Sequence[str]:
        """The workspaces whose noted end differs from that of their envelopes; none in a sound
        store."""
        ...

    def snapshots(self) -> Sequence[StoredEvent]:
        """The snapshot of each stream, whatever its topic."""
        ...

    def indexes(self) -> Indexes:
        """All timers and the whole roster."""
        ...

    def anywhere_on_roster(self, entry: str) -> bool:
        """Whether any workspace has such an entry."""
        ...

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        """Replace all timers and the roster with these; both derive from the log."""
        ...
