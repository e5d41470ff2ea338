"""The status of views: how far each has come, where it was stopped, and what it skips.

A view is stopped by an event that it cannot process, right before that event, and is not tried
again until an operator has it retry or skip that very event. Stops and skips do not derive from the
events.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

LONGEST_ERROR = 500


class Stop(NamedTuple):
    """Where a view was stopped: at the position of the event that it cannot process."""

    position: int
    error: str
    since: datetime


class Skip(NamedTuple):
    """An event that a view skips for ever, even when it is rebuilt, and who decided so."""

    position: int
    reason: str
    actor: str
    skipped_at: datetime


class ViewStatus(NamedTuple):
    """Everything known of a view except its rows.

    Stop and skips belong to the view's version: another version is another program, which may be
    able to process the event.
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
    """The status. A stop counts only while the view is right before its event, and does not skip
    it.

    So a view that was rebuilt past it is not stopped, whichever was recorded first.
    """
    found = ViewStatus(position, stop, tuple(sorted(skips)))
    holds = stop and stop.position == position + 1 and stop.position not in found.passes_over
    return found if holds else found._replace(stop=None)


def one_line(error: BaseException) -> str:
    """What went wrong, on one line, for a table."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:LONGEST_ERROR].removesuffix(": ")
