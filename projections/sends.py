"""What was sent to whom, through which account, and what became of it?"""

from datetime import datetime
from typing import NamedTuple

from events import campaign as facts
from events.recorded import Recorded
from events.vocabulary import SearchResult
from projections.projection import Projection


class SendRow(NamedTuple):
    workspace: str
    campaign_id: str
    send_id: str
    """Of a planned message also the left part of its Message-ID (M2)."""
    recipient_id: str = ""
    account_id: str = ""
    step: str | None = None
    reserved_at: datetime | None = None
    """When it was reserved last."""
    outcome: str | None = None
    """``accepted``, ``refused`` or ``unknown``; none while it is on its way."""
    outcome_at: datetime | None = None
    searched: SearchResult | None = None
    """What the Sent folder said of an unknown outcome."""


OUTCOMES = {
    facts.EmailAccepted: "accepted",
    facts.EmailRefused: "refused",
    facts.EmailOutcomeUnknown: "unknown",
}


def key(recorded: Recorded) -> tuple[str, str, str]:
    event = recorded.event
    assert isinstance(event, facts.SendEvent)
    return recorded.envelope.workspace, event.campaign_id, event.send_id


def evolve(row: SendRow | None, recorded: Recorded) -> SendRow:
    event = recorded.event
    if row is None:
        row = SendRow(*key(recorded))
    match event:
        case facts.SendReserved():
            return row._replace(
                recipient_id=event.recipient_id,
                account_id=event.account_id,
                step=event.step,
                reserved_at=event.occurred_at,
                outcome=None,
                outcome_at=None,
                searched=None,
            )
        case facts.SentSearched(result=result):
            return row._replace(searched=result)
        case facts.EmailAccepted() | facts.EmailRefused() | facts.EmailOutcomeUnknown():
            return row._replace(outcome=OUTCOMES[type(event)], outcome_at=event.occurred_at)
        case _:
            return row


SENDS = Projection(
    name="sends",
    version=1,
    row=SendRow,
    key_length=3,
    watches=frozenset(
        {
            facts.SendReserved,
            facts.EmailAccepted,
            facts.EmailRefused,
            facts.EmailOutcomeUnknown,
            facts.SentSearched,
        }
    ),
    key=key,
    evolve=evolve,
    indexed=("send_id", "recipient_id"),
)
