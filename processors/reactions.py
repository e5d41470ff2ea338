"""All process managers, in the order in which they react to an event.

The order is part of the law: a failure's clock is superseded before the hour starts, clocks start
and campaigns pause while FROM EMAIL still lists the account, and notices come last.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from aggregates.command import Command
from events.base import Event
from processors import (
    clear_pause_causes,
    count_sends,
    cure_clocks,
    notify_owners,
    occupy_slots,
    pause_campaigns,
    remove_disconnected_senders,
    replace_single_senders,
    start_clocks,
    supersede_clocks,
    suppress,
)
from processors.listening import listens_to


class Reaction(NamedTuple):
    name: str
    react: Callable[..., Iterable[Command]]
    """The commands, given the workspace and an event that it listens to."""


_IN_ORDER = (
    occupy_slots,
    supersede_clocks,
    start_clocks,
    pause_campaigns,
    remove_disconnected_senders,
    cure_clocks,
    clear_pause_causes,
    replace_single_senders,
    count_sends,
    suppress,
    notify_owners,
)


def by_event() -> dict[type[Event], tuple[Reaction, ...]]:
    """The process managers that react to each class of events, in order."""
    listening: dict[type[Event], tuple[Reaction, ...]] = {}
    for module in _IN_ORDER:
        reaction = Reaction(module.__name__.rpartition(".")[2], module.react)
        for event_type in listens_to(module.react):
            listening[event_type] = (*listening.get(event_type, ()), reaction)
    return listening


REACTIONS = by_event()
