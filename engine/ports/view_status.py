"""How views stand: how far each has come, where it was stopped, and what it passes over.

A view is stopped by an event that it cannot take, right before that event, and is not tried again
until an operator has it retried or has it skip that very event. Neither derives from the events.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

LONGEST_ERROR = 500


class Stop(NamedTuple):
    """Where a view was stopped: at the position of the event that it cannot take."""

    position: int
    error: str
    since: datetime


class Skip(NamedTuple):
    """An event that a view passes over for ever, also when it is rebuilt, and who said so."""

    position: int
    reason: str
    actor: str
    skipped_at: datetime


class ViewStatus(NamedTuple):
    """All that is known of a view but its rows.

    Both belong to the view's version: another one is another program, which may take the event.
    """

    position: int = 0
    stop: Stop | None = None
    skips: tuple[Skip, ...] = ()

    @property
    def passes_over(self) -> frozenset[int]:
        return frozenset(each.position for each in self.skips)


class Keeper(NamedTuple):
    """The process that leads a view now."""

    name: str
    since: datetime


def view_status(position: int, stop: Stop | None, skips: Iterable[Skip]) -> ViewStatus:
    """A stop counts while the view stands right before it and is to take the event.

    So one that was rebuilt past it is not stopped, whoever recorded what first.
    """
    found = ViewStatus(position, stop, tuple(sorted(skips)))
    holds = stop and stop.position == position + 1 and stop.position not in found.passes_over
    return found if holds else found._replace(stop=None)


def one_line(error: BaseException) -> str:
    """What went wrong, in one line for a table."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:LONGEST_ERROR].removesuffix(": ")
