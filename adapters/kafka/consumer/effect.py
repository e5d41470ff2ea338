"""What a consumer does with events."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox

Effect = Callable[[Event, Inbox, Any], object]
"""What follows from an event, with the cursor of the transaction; raises if the event is poison."""


class Together(NamedTuple):
    """An effect of several events of one partition at once, in order."""

    effect: Callable[[Sequence[Event], Inbox, Any], object]


def one_after_another(effect: Effect) -> Together:
    def effects(events: Sequence[Event], inbox: Inbox, c: Any) -> None:
        for each in events:
            effect(each, inbox, c)

    return Together(effects)
