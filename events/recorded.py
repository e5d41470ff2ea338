"""A fact as the log holds it: its position, and the envelope it came in (F2)."""

from datetime import datetime
from typing import NamedTuple

from events.base import Event


class Envelope(NamedTuple):
    """What all facts of one command share; stored once, whatever their number."""

    command_id: str
    """Unique within its workspace."""
    command: str
    """The name of the command's class."""
    workspace: str
    recorded_at: datetime
    """By the store's clock, in UTC; it never goes back within a workspace."""
    actor: str
    """``user:…``, ``check``, ``mail``, ``courier``, ``clock`` or ``processor:…``."""
    correlation_id: str
    """The command with which everything began."""
    causation_id: str | None
    """The event that brought the command about; None for the first command."""
    first_position: int
    """The position of its first event; if there is none, the position that the next event would
    take. It counts from 1 within its append until that is committed."""
    event_count: int
    rejection: str | None = None
    """JSON of the refusal, if the command was refused."""

    @property
    def last_position(self) -> int:
        return self.first_position + self.event_count - 1

    def event_id(self, index: int) -> str:
        return f"{self.workspace}:{self.command_id}.{index}"

    def after(self, position: int) -> "Envelope":
        """The envelope with its place in the log: its append comes after that position."""
        return self._replace(first_position=position + self.first_position)


class Recorded(NamedTuple):
    """One fact of the log."""

    position: int
    stream_id: str
    version: int
    event: Event
    envelope: Envelope

    @property
    def event_id(self) -> str:
        return self.envelope.event_id(self.position - self.envelope.first_position)

    @property
    def workspace(self) -> str:
        return self.envelope.workspace
