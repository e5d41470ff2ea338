"""Decided from memory, and appended if nothing came meanwhile: one message instead of two.

The law cannot tell: the store compares, under the workspace's lock, all that a transaction would
have begun with. Whatever is not known here, or was not so, is decided by a transaction.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from aggregates.command import Policy
from engine.cache import AggregateCache
from engine.group_commit import Pages
from engine.ports.optimistic import OptimisticAppends, Proposal, WorkspaceEnd
from engine.ports.transactions import Append
from engine.reply import Request
from engine.unit_of_work import Outcome, UnitOfWork
from events.recorded import Envelope
from processors.timers import Timer

LONGEST_PAUSE = 64
"""Commands of a workspace that go another way before it is tried again."""
REMEMBERED = 10_000


class NotRemembered(LookupError):
    """Ask the store."""


class Remembered:
    """A workspace as this engine left it. Whatever else is asked raises ``NotRemembered``."""

    def __init__(self, end: WorkspaceEnd, now: datetime) -> None:
        self.end = end
        self.now = now
        self.last_position = self.appended_after = end.last_position
        self.pending: Append | None = None

    def envelope(self, command_id: str) -> Envelope | None:  # noqa: ARG002 the store looks for it
        return None

    def timers(self, until: datetime) -> Sequence[Timer]:
        """The store appends nothing where one is due."""
        if until > self.now:
            raise NotRemembered
        return ()

    def _ask(self, *_: Any, **__: Any) -> NoReturn:
        raise NotRemembered

    stream = snapshot = roster = _ask

    def append(self, append: Append) -> None:
        self.pending = append


class Decided(NamedTuple):
    work: UnitOfWork
    outcomes: list[Outcome]


class _Tried(NamedTuple):
    decided: Decided
    workspace: Remembered
    proposal: Proposal


class OptimisticDecisions:
    """Of one engine. Safe to share between threads."""

    def __init__(self, store: OptimisticAppends, cache: AggregateCache) -> None:
        self._store, self._cache = store, cache
        self._pauses = _Pauses()

    def promises(self, workspace: str) -> bool:
        """Is it worth trying?"""
        return self._cache.end_of(workspace) is not None and self._pauses.over(workspace)

    def decide(self, pages: Pages, policy: Policy) -> list[Decided]:
        """The pages of those workspaces that were as remembered: committed, and on the disk."""
        now = self._store.moment()
        if now is None:
            return []
        tried = [
            each
            for name, page in pages.items()
            if (each := self._tried(name, page, now, policy)) is not None
        ]
        there: list[Decided] = []
        try:
            positions = self._store.append_unmoved(now, [each.proposal for each in tried])
            for each, position in zip(tried, positions, strict=True):
                if position is not None:
                    each.workspace.appended_after = position
                    there.append(each.decided)
        finally:
            self._pauses.learn(pages, {each.work.workspace for each in there})
        return there

    def _tried(
        self, workspace: str, page: Sequence[Request], now: datetime, policy: Policy
    ) -> _Tried | None:
        known = self._cache.end_of(workspace)
        if known is None or known.end.recorded_at > now:
            return None
        remembered = Remembered(known.end, now)
        try:
            work = UnitOfWork(
                remembered, workspace, self._cache, policy, fenced=None, epoch=known.epoch
            )
            outcomes = [work.perform(request) for request in page]
        except NotRemembered:
            return None
        work.append_to(remembered)
        if remembered.pending is None:
            return None
        command_ids = [each.command_id for each in page]
        proposal = Proposal(workspace, known.end, command_ids, remembered.pending)
        return _Tried(Decided(work, outcomes), remembered, proposal)


class _Pauses:
    """After each failure in a row a workspace goes the other way for twice as many commands."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """How long the last pause was, and what is left of it."""

    def over(self, workspace: str) -> bool:
        length, left = self._left.get(workspace, (0, 0))
        if left:
            self._left[workspace] = length, left - 1
        return not left

    def learn(self, tried: Pages, succeeded: set[str]) -> None:
        for workspace in tried:
            length, _ = self._left.pop(workspace, (0, 0))
            if workspace not in succeeded:
                pause = min(max(2 * length, 1), LONGEST_PAUSE)
                self._left[workspace] = pause, pause
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
