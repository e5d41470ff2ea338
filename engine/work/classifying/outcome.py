"""What an answer can turn out to be."""

from enum import StrEnum
from typing import NamedTuple

from events.vocabulary import FailureClass


class Answer(StrEnum):
    """What is no failure of the connection (C3): it worked, or it concerns one message (M2)."""

    OK = "ok"
    REFUSED_RECIPIENT = "refused:recipient"
    REFUSED_OTHER = "refused:other"
    REFUSED_TEMPORARY = "refused:temporary"
    OUTCOME_UNKNOWN = "outcome:unknown"
    """The message may have been accepted, or not."""


Outcome = FailureClass | Answer


class Verdict(NamedTuple):
    """``source`` says on whose word: the row's, or which rule of last resort."""

    outcome: Outcome
    classifier: str
    sentence: str
    source: str

    @property
    def failure(self) -> FailureClass | None:
        """As a connection check counts it (C1): what concerns no account is ``unknown`` there."""
        match self.outcome:
            case Answer.OK:
                return None
            case FailureClass():
                return self.outcome
            case _:
                return FailureClass.UNKNOWN
