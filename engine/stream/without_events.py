"""What is published of a command that left no event. Kept thin, like events: what is None is left
out.

Of a refusal, only the code is published (F1): its sentence repeats what somebody typed, which may
be a recipient's address where an id was meant.
"""

import json
from datetime import UTC

from pydantic import TypeAdapter

from events.base import fact
from events.recorded import Envelope
from events.vocabulary import Instant


@fact
class Rejection:
    code: str
    """Stable, and for programs; the same as in scenarios and answers."""


@fact
class EnvelopeWithoutEvents:
    """A command that was refused without a fact worth remembering, or that changed nothing."""

    command_id: str
    command: str
    workspace: str
    recorded_at: Instant
    actor: str
    correlation_id: str
    causation_id: str | None = None
    first_position: int
    """The position that the next event would have taken."""
    event_count: int
    rejection: Rejection | None = None
    """None for a command that changed nothing."""


_ADAPTER = TypeAdapter(EnvelopeWithoutEvents)


def rejection_code(envelope: Envelope) -> str | None:
    """The code of the refusal; None if the command was not refused."""
    return str(json.loads(envelope.rejection)["code"]) if envelope.rejection else None


def told_without_events(envelope: Envelope) -> bytes:
    """The value of the record."""
    code = rejection_code(envelope)
    told = envelope._asdict() | {
        "recorded_at": envelope.recorded_at.astimezone(UTC),
        "rejection": None if code is None else Rejection(code=code),
    }
    return _ADAPTER.dump_json(EnvelopeWithoutEvents(**told), exclude_none=True)
