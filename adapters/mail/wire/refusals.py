"""What a server's refusal of a message means: whose fault it is, and what follows (M2, M7, M8)."""

import re
from datetime import datetime

from adapters.mail.back_off import asked_for
from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import Evidence
from engine.work.classifying.outcome import Answer
from engine.work.ports import AccountTrouble, Outcome, Refused, Submitted
from events.vocabulary import FailureClass, RefusalFault

_NOBODY = re.compile(
    r"\b5\.1\.(1|6|10)\b|(no such|unknown) (user|mailbox|recipient|address|local)|user unknown"
    r"|(user|mailbox|recipient|account|address)\b.{0,80}(does(n't| not) exist|not found|unknown)",
    re.IGNORECASE,
)


def submitted_by(evidence: Evidence, now: datetime, *, ended: bool = False) -> Submitted:
    """The outcome for a message that a server refused with this text, at this stage. ``ended``: the
    server had received all of it."""
    until = _until(evidence.text, now)
    match classify(evidence).outcome:
        case Answer.REFUSED_RECIPIENT:
            unknown = _NOBODY.search(evidence.text[:4_000]) is not None
            return Refused(RefusalFault.RECIPIENT, address_unknown=unknown)
        case Answer.REFUSED_OTHER:
            return Refused(RefusalFault.OTHER)
        case Answer.REFUSED_TEMPORARY:
            return Refused(RefusalFault.TEMPORARY, until=until)
        case FailureClass.THROTTLED:
            return Refused(RefusalFault.LIMIT, until=until)
        case FailureClass() as found:
            return AccountTrouble(found)
        case _:
            return Outcome.UNKNOWN if ended else Refused(RefusalFault.TEMPORARY)


def _until(text: str, now: datetime) -> datetime | None:
    asked = asked_for(text)
    return None if asked is None else now + asked
