"""Requests from outside that take several steps, each stored under the key that came with it.

A request of one step does not need this: the log keeps its key as the command's id.
"""

from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Kept(NamedTuple):
    """A stored request. ``request`` is a digest of what was asked under the key."""

    key: str
    request: str
    workspace: str
    caller: str
    operation: str
    at: datetime
    progress: dict[str, Any] | None = None
    """What is needed to continue after a crash, and what is reported in the meantime."""
    status: int | None = None
    """The HTTP status of the answer; None as long as there is none."""
    answer: dict[str, Any] | None = None


class KeptRequests(Protocol):
    """Safe to share between threads. Raises ``StoreError``."""

    def secret(self) -> bytes:
        """The key for keyed digests; drawn at random once for each store."""
        ...

    def asked_before(self, workspace: str, key: str) -> str | None:
        """The digest of the one-step request that the log holds under that key."""
        ...

    def find(self, workspace: str, key: str) -> Kept | None: ...

    def begin(self, kept: Kept) -> None:
        """Store the request. Only one caller at a time may begin a key."""
        ...

    def note(self, kept: Kept, progress: dict[str, Any]) -> None: ...

    def finish(self, kept: Kept, status: int, answer: dict[str, Any]) -> None: ...
