"""Which trace a command belongs to: told by its ids alone, so that every resend says the same."""

from hashlib import sha256

from events.recorded import Envelope


def traceparent(envelope: Envelope) -> str:
    """In W3C's form: the trace is that of the correlation id, the parent the command's span."""
    trace = _digest(f"{envelope.workspace}:{envelope.correlation_id}", 16)
    span = _digest(f"{envelope.workspace}:{envelope.command_id}", 8)
    return f"00-{trace}-{span}-01"


def _digest(text: str, octets: int) -> str:
    return sha256(text.encode()).digest()[:octets].hex()
