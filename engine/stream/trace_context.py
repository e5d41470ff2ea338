"""The trace of a command, derived from its ids alone, so that every resend has the same."""

from hashlib import sha256

from events.recorded import Envelope


def trace_id(envelope: Envelope) -> str:
    """32 hexadecimal digits, the same for everything that began with the same command."""
    return _digest(f"trace:{envelope.workspace}:{envelope.correlation_id}", 16)


def span_id(envelope: Envelope) -> str:
    """The command's span id: 16 hexadecimal digits."""
    return _digest(f"span:{envelope.workspace}:{envelope.command_id}", 8)


def event_span_id(event_id: str) -> str:
    """The event's span id: 16 hexadecimal digits."""
    return _digest(f"event:{event_id}", 8)


def traceparent(envelope: Envelope) -> str:
    """The header in W3C's format; the parent is the command's span."""
    return f"00-{trace_id(envelope)}-{span_id(envelope)}-01"


def _digest(text: str, octets: int) -> str:
    return sha256(text.encode()).digest()[:octets].hex()
