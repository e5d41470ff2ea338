"""What an answer can mean."""

from enum import StrEnum
from typing import NamedTuple

from events.vocabulary import FailureClass


class Answer(StrEnum):
    """Answers that are not failures of the connection (C3): it worked, or only one message is
    concerned (M2)."""

    OK = "ok"
    REFUSED_RECIPIENT = "refused:recipient"
    REFUSED_OTHER = "refused:other"
    REFUSED_TEMPORARY = "refused:temporary"
    OUTCOME_UNKNOWN = "outcome:unknown"
    """The message may or may not have been accepted."""


Outcome = FailureClass | Answer


class Verdict(NamedTuple):
    """``source`` says what decided: the source of the row, or a rule of last resort."""

    outcome: Outcome
    classifier: str
    sentence: str
    source: str

    @property
    def failure(self) -> FailureClass | None:
        """The failure as a connection check counts it (C1): an answer that does not concern the
        account is ``unknown`` there."""
        match self.outcome:
            case Answer.OK:
                return None
            case FailureClass():
                return self.outcome
            case _:
                return FailureClass.UNKNOWN
