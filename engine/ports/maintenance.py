"""What a store derives from its log, for whoever checks it or derives it anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from eventsourcing.persistence import StoredEvent

from engine.ports.log import Entry, StoreIdentity
from processors.timers import Timer


class Indexes(NamedTuple):
    """What a store derives from its log for whoever lets time run, all of one moment."""

    position: int
    """The log's end then."""
    timers: Sequence[tuple[str, Timer]]
    """By workspace."""
    roster: Sequence[tuple[str, str, str]]
    """Workspace, entry, campaign."""
    due: Mapping[str, datetime]
    """By workspace, the time that ``due_workspaces`` goes by."""


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
        """Begin the next generation after the log's last entry: what was told beyond it is lost.

        ``named``: what its first entry names, an envelope without events in the workspace of the
        last one (``engine.appending.first_of_generation``). An empty log names nothing.
        """
        ...

    def renew_identity(self) -> StoreIdentity:
        """A new store id, and generation 1: this store is a copy, whose history is its own."""
        ...

    def append_recorded(self, entries: Sequence[Entry]) -> None:
        """Write entries that were recorded before, as they were: place, envelope and time.

        All or none, and nothing that derives from them (``replace_indexes``). Raises
        ``NotContinued`` unless they go on exactly where the log ends, in whole commands.
        """
        ...

    def counted_until(self, position: int) -> Counted:
        """What is there that begins at or before that position: in a sound store nothing but what
        the log's entries are made of."""
        ...

    def unnumbered_envelopes(self) -> int:
        """How many envelopes without events are no entry of the log: none, in a sound store."""
        ...

    def odd_workspaces(self) -> Sequence[str]:
        """Those of which is noted another end than their envelopes have: none, in a sound store."""
        ...

    def snapshots(self) -> Sequence[StoredEvent]:
        """Each stream's, whatever its topic."""
        ...

    def indexes(self) -> Indexes:
        """All timers and the whole roster."""
        ...

    def anywhere_on_roster(self, entry: str) -> bool:
        """Has any workspace such an entry?"""
        ...

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        """Throw timers and roster away and write these instead; both derive from the log."""
        ...
