"""The port to the links that were used: each brings its mailbox's owner to a provider once (R1)."""

from datetime import datetime
from typing import Protocol


class UsedLinks(Protocol):
    """Holds across processes and restarts. Both names are digests of secrets."""

    def use(self, link: str, state: str, until: datetime) -> bool:
        """Use the link up, and wait for the answer to ``state`` until then. False, and nothing
        done, for one that was used before."""
        ...

    def used(self, link: str) -> bool: ...

    def answer(self, state: str) -> str | None:
        """The link that this state is of, once; None for any other state, or too late."""
        ...
