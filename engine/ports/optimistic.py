"""Appends of what was decided without a lock, if nothing was recorded in the meantime."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from engine.ports.transactions import Append


class WorkspaceEnd(NamedTuple):
    """The end of what is recorded in a workspace."""

    last_position: int
    recorded_at: datetime
    """When something was last recorded in the workspace."""


class Proposal(NamedTuple):
    """What was decided in a workspace, to be appended if it still ends there and has none of these
    commands."""

    workspace: str
    end: WorkspaceEnd
    command_ids: Sequence[str]
    append: Append


@runtime_checkable
class OptimisticAppends(Protocol):
    """What a store may offer in addition to its transactions."""

    def moment(self) -> datetime | None:
        """A recent moment that the store's clock has passed, UTC; None if none is known."""
        ...

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        """Append what was decided ``now`` to each workspace that is still as it was assumed to be:
        not locked, ending there, nothing of the law due in it (S7), no such command recorded.

        Returns for each the position after which its events are; None if nothing was written for
        it. The proposals of one call are committed together. Raises ``StoreError``; then it is
        unknown what was written.
        """
        ...
