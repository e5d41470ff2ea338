"""When something falls due, and where."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Schedule(Protocol):
    def next_due(self) -> datetime | None: ...

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        """Workspaces with a timer due at or before that moment."""
        ...
