"""When a failed delivery is tried again, and when it is given up.

This is the example schedule of Standard Webhooks 1.0.0 ("Deliverability and reliability"),
shortened so that its waits add up to 28 hours; each wait is up to a tenth longer, at random.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.work.webhooks.endpoint import Lane
from engine.work.webhooks.ports import Answer

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10, minutes=25),
)
JITTER = 0.1
"""The largest part of a wait that is added at random."""
LONGEST_ASKED = timedelta(hours=24)
"""The longest time for which a receiver may ask to be left alone (``Retry-After``)."""
GONE = 410


def after_failure(
    lane: Lane, answer: Answer, now: datetime, chance: float, waits: Sequence[timedelta] = WAITS
) -> Lane | None:
    """The lane with the time of its next attempt; None if there is none. ``chance``: from 0 to 1.

    A receiver may ask for more time than the table gives, but not for less.
    """
    if answer.status == GONE or lane.attempts >= len(waits):
        return None
    wait = waits[lane.attempts] * (1 + JITTER * chance)
    if answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, LONGEST_ASKED))
    return Lane(lane.entry, lane.attempts + 1, lane.since or now, now + wait, answer.said)
