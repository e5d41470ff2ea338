"""Which trace a command belongs to: told by its ids alone, so that every resend says the same."""

from hashlib import sha256

from events.recorded import Envelope


def trace_id(envelope: Envelope) -> str:
    """32 hexadecimal digits: that of everything that began with the same command."""
    return _digest(f"trace:{envelope.workspace}:{envelope.correlation_id}", 16)


def span_id(envelope: Envelope) -> str:
    """16 hexadecimal digits, of the command."""
    return _digest(f"span:{envelope.workspace}:{envelope.command_id}", 8)


def event_span_id(event_id: str) -> str:
    """16 hexadecimal digits, likewise."""
    return _digest(f"event:{event_id}", 8)


def traceparent(envelope: Envelope) -> str:
    """In W3C's form: the parent is the command's span."""
    return f"00-{trace_id(envelope)}-{span_id(envelope)}-01"


def _digest(text: str, octets: int) -> str:
    return sha256(text.encode()).digest()[:octets].hex()
