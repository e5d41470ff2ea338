"""The calls of tools: which tool, by whom, when, and about whom. Recorded apart from the log.

If the call cannot be recorded, no answer is given.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Called(NamedTuple):
    """One call, without names and search terms: those may be personal data (F1)."""

    by: str
    workspace: str
    tool: str
    arguments: str
    """JSON: the ids and times of an answered call; nothing of a refused one."""
    outcome: str
    """``answered``, or the code of the problem."""
    campaign_id: str | None = None
    recipient_id: str | None = None


class ToolCall(NamedTuple):
    number: int
    """Numbered from 1, in order of time."""
    at: datetime
    by: str
    workspace: str
    tool: str
    arguments: str
    outcome: str
    campaign_id: str | None
    recipient_id: str | None


class ToolCalls(Protocol):
    def record(self, called: Called) -> None:
        """Record a call. Raises ``StoreError``."""
        ...

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[ToolCall]:
        """Up to ``limit`` calls about the workspace, from the number after ``after``."""
        ...
