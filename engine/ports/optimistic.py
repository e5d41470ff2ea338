"""Appends of what was decided without a lock, if nothing came meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from engine.ports.transactions import Append


class WorkspaceEnd(NamedTuple):
    """Where what was recorded in a workspace ends."""

    last_position: int
    recorded_at: datetime
    """When something was last recorded in it."""


class Proposal(NamedTuple):
    """What was decided in a workspace, if it still ends there and has none of these commands."""

    workspace: str
    end: WorkspaceEnd
    command_ids: Sequence[str]
    append: Append


@runtime_checkable
class OptimisticAppends(Protocol):
    """What a store may have beside its transactions."""

    def moment(self) -> datetime | None:
        """A moment that the store's clock has passed, UTC, hardly ago; None where none is known."""
        ...

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        """Append what was decided ``now`` to each workspace that is as a transaction would find it:
        held by nobody, ending there, nothing of the law due in it (S7), no command recorded.

        Answers after which position each one's events stand; None for those of which nothing was
        written. Those of one call are committed together. Raises ``StoreError``: what was written
        by then, nobody knows.
        """
        ...
