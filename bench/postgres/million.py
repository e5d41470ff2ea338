"""A log of 1,000,000 events, or any other number, in two workspaces."""

from typing import Any

from bench.ours import Ledger
from bench.postgres.places import PostgresLedger

LARGE, ELSEWHERE = 100_000, "elsewhere"


def million(ledger: PostgresLedger, events: int = 1_000_000) -> int:
    """Answers how many recipients the ledger's campaign has.

    Three events each: added, reserved, accepted. 100,000 of the ledger's own workspace, in smaller
    logs a tenth of the events; as many as it takes in the other.
    """
    recipients = min(LARGE, events // 10)
    other = Ledger(ledger.store, ledger.clock, ELSEWHERE, ledger.engine)
    heard(other, (events // 3 - recipients) // 2)
    heard(ledger, recipients)
    rest = (events - ledger.store.last_position()) // 3
    other.import_more(recipients * 10, recipients * 10 + rest)
    other.hear(recipients * 10, recipients * 10 + rest)
    assert events - 20 < ledger.store.last_position() <= events
    return recipients


def heard(ledger: Ledger[Any], recipients: int) -> None:
    """A campaign of so many, each of whom accepted the first step."""
    ledger.campaign(recipients)
    ledger.hear(0, recipients)
