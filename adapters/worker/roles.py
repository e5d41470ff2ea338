"""The roles that a worker can have."""

from collections.abc import Sequence
from enum import StrEnum


class Role(StrEnum):
    CLOCKS = "clocks"
    """Settles what is due, and issues reminders (S7, N1)."""
    PROJECTIONS = "projections"
    """Keeps the views in step with the log."""
    NOTICES = "notices"
    """Delivers notices to owners (N2)."""
    CHECKS = "checks"
    """Checks connections in the background (C2, C5)."""
    MAIL = "mail"
    """Sends what campaigns have to send, and reads the inboxes (M2-M5)."""
    RELAY = "relay"
    """Relays the log to Kafka, if the setting ``kafka`` is given."""
    WEBHOOKS = "webhooks"
    """Delivers events to webhooks, and tells owners of webhooks that are parked."""
    PROOF = "proof"
    """Signs the log, if the setting ``proof_folder`` is given."""


ALL = tuple(Role)


class UnknownRole(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no role {name}. Known are {', '.join(ALL)}.")


def read_roles(text: str | None) -> Sequence[Role]:
    """The roles in a text such as ``projections,clocks``; all for None. Raises ``UnknownRole``."""
    if text is None:
        return ALL
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ALL:
            raise UnknownRole(name or "without a name")
    return [role for role in ALL if role in names]
