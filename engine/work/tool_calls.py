"""Which tool was called by whom, when, and about whom: recorded apart from the log.

An answer whose call cannot be recorded is not given.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Called(NamedTuple):
    """One call, without names and without what was searched for: those may be a person's (F1)."""

    by: str
    workspace: str
    tool: str
    arguments: str
    """JSON: ids and moments of a call that was answered; of a refused one, nothing."""
    outcome: str
    """``answered``, or the code of the problem."""
    campaign_id: str | None = None
    recipient_id: str | None = None


class ToolCall(NamedTuple):
    number: int
    """In order of time, from 1."""
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
        """Raises ``StoreError``."""
        ...

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[ToolCall]:
        """Up to ``limit`` calls about the workspace, those after that number."""
        ...
