"""The port to used reconnect links: each leads its mailbox's owner to the provider once (R1)."""

from datetime import datetime
from typing import Protocol


class UsedLinks(Protocol):
    """Valid across processes and restarts. ``link`` and ``state`` are digests of secrets."""

    def use(self, link: str, state: str, until: datetime) -> bool:
        """Use the link up, and accept the answer to ``state`` until then. False, and nothing done,
        if the link was used before."""
        ...

    def used(self, link: str) -> bool: ...

    def answer(self, state: str) -> str | None:
        """The link to which this state belongs, once; None for an unknown state, or too late."""
        ...
