"""A workspace at one moment: now, by the law, or as it was recorded up to then (F2, F3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from adapters.composition.programs import Opened
from adapters.http.problems import Problem
from aggregates.command import Policy
from engine.answers.current import Current, current
from engine.answers.history import History, Positions
from engine.answers.workspace_answers import Answers
from engine.audit.by_stream import Asked, without_a_scan
from engine.audit.event_index import Places
from engine.audit.fold import Fold
from engine.audit.moments import Moment, facts_until
from engine.audit.source import Source
from engine.cache import EarlierLooks
from engine.command_context import Neighbours
from engine.ports.views import ReadableViews
from projections.histories import Subject


class View(NamedTuple):
    """Valid until the end of the block that opened it."""

    workspace: str
    at: datetime
    """The time now, or the past moment that was named."""
    views: ReadableViews
    history: History
    """Up to the moment; if that is now, including what is due and not recorded yet."""
    opened: Opened
    current: Current | None
    """None for the past."""

    def answers(self) -> Answers:
        return Answers(self.views, self.workspace)

    def aggregates(self) -> Neighbours:
        """The state that rules decide on. Raises ``Problem`` for the past: it is only folded for
        now.
        """
        if self.current is None:
            raise Problem(422, "only_now", "This is known of now alone; leave out at.")
        return self.current.aggregates

    @property
    def recorded_until(self) -> int | None:
        """The last recorded position; later events are due, not recorded yet. None for the past."""
        return self.current.recorded_until if self.current else None


@contextmanager
def now(opened: Opened, workspace: str, policy: Policy, earlier: EarlierLooks) -> Iterator[View]:
    """A view of the present. ``opened`` is read only. A view that is stopped is as old as its stop.

    Raises ``StoreError``.
    """
    with current(
        opened.store,
        opened.views,
        workspace,
        policy,
        fence=opened.fence,
        strict=False,
        earlier=earlier,
    ) as found:
        yield View(workspace, found.now, found.views, found.history(), opened, found)


@contextmanager
def then(
    opened: Opened, workspace: str, at: datetime, asked: Asked | None = None
) -> Iterator[View]:
    """A view of what was recorded up to that time. ``asked``: for one recipient only, without a
    scan.

    Raises ``StoreError`` and ``UnreadableEvent``.
    """
    source, moment = Source(opened.store, opened.views), Moment(at=at)
    fold = without_a_scan(source, moment, asked) if asked else None
    folded = fold or Fold().add(facts_until(source, moment))
    until = source.last_position_until(at)
    history = History(source, _until(Places(source, workspace), until), workspace)
    yield View(workspace, at, folded.views(), history, opened, None)


def _until(positions: Positions, last: int) -> Positions:
    def found(workspace: str, subject: Subject) -> Sequence[int]:
        return [each for each in positions(workspace, subject) if each <= last]

    return found
