"""What the auditor finds."""

from typing import NamedTuple


class Violation(NamedTuple):
    """A place at which the history breaks a rule."""

    rule: str
    """The rule's number in the law; ``words`` for what its section "Words" defines."""
    position: int
    event_id: str
    """Empty for a gap, or for an event without an envelope."""
    event: str
    """The event's name as stored."""
    sentence: str
