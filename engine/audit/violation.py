"""What an auditor finds."""

from typing import NamedTuple


class Violation(NamedTuple):
    """A place at which history breaks a rule."""

    rule: str
    """Number of the rule in the law; ``words`` for what its words define."""
    position: int
    event_id: str
    """Empty where there is no event: a gap, or an event that came in no envelope."""
    event: str
    """Name on the wire."""
    sentence: str
