"""Requests from outside that take several steps, each kept under the key that came with it.

A request of one step needs none of this: it is kept in the log, as its command's id.
"""

from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Kept(NamedTuple):
    """``request`` is a digest of what was asked under the key."""

    key: str
    request: str
    workspace: str
    caller: str
    operation: str
    at: datetime
    progress: dict[str, Any] | None = None
    """What whoever goes on after a crash must know, and what is told meanwhile."""
    status: int | None = None
    """Of the answer, by HTTP; None as long as there is none."""
    answer: dict[str, Any] | None = None


class KeptRequests(Protocol):
    """Safe to share between threads. Raises ``StoreError``."""

    def secret(self) -> bytes:
        """For keyed digests; drawn at random once for each store."""
        ...

    def asked_before(self, workspace: str, key: str) -> str | None:
        """The digest of the request of one step that was kept under that key in the log."""
        ...

    def find(self, workspace: str, key: str) -> Kept | None: ...

    def begin(self, kept: Kept) -> None:
        """To be called by whoever alone may."""
        ...

    def note(self, kept: Kept, progress: dict[str, Any]) -> None: ...

    def finish(self, kept: Kept, status: int, answer: dict[str, Any]) -> None: ...
