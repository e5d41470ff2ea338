"""Group commit: commands that wait at the same time are decided in one transaction.

While one transaction is on its way to the disk, the next commands gather, and go together in the
one after it. First those workspaces that may be decided from memory; then all others together, each
as long as nobody else holds it and nothing is due in it. A workspace that would keep the others
waiting goes by itself, with everybody who asks for it.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from engine.ports.errors import StoreUnavailable
from engine.reply import Reply, Request

T = TypeVar("T")

MOST = 64
"""Callers served by one transaction; more makes it longer and no cheaper by the command."""

LEADERS = 3
"""Groups decided from memory at the same time: one while those before it are committed."""
HALVES = 2
"""While a group is at work the next begins with half of all: ones and twos take longer together."""

GATHERING = 0.0005
"""Seconds to wait for those who were served the last time: less than a commit takes."""
NAP = 0.00005

Pages = Mapping[str, Sequence[Request]]
"""Requests by workspace."""

Page = tuple[str, Sequence[Request]]
Answer = Sequence[Reply] | Exception


class _Waiting(Generic[T]):
    """``bell`` rings once: when the item's work is done, or its thread is to lead the ``group``."""

    __slots__ = ("bell", "group", "holds", "item")

    def __init__(self, item: T, holds: Collection[str]) -> None:
        self.item, self.holds = item, holds
        self.group: list[_Waiting[T]] = []
        self.bell = Lock()
        self.bell.acquire()


class LeadingQueue(Generic[T]):
    """``work`` is given everything that waits, at most ``most`` at once, by a thread that leads,
    which waits ``gathering`` seconds for those who came the last time.

    As many as ``leaders`` are at work at the same time, no two of them on items that hold the same
    name. What becomes of an item is written on the item. Should ``work`` raise all the same, the
    leader raises it, and the others come back as if their work were done.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], None],
        most: int,
        gathering: float = GATHERING,
        leaders: int = 1,
    ) -> None:
        self._work = work
        self._gathering = gathering
        self._most = most
        self._leaders = leaders
        self._waiting: deque[_Waiting[T]] = deque()
        self._held: set[str] = set()
        self._gate = Lock()
        self._leading = self._at_work = 0
        self._crowd = 0
        """How many were waiting or at work lately; one less with each group."""

    def submit(self, item: T, holds: Collection[str] = ()) -> None:
        """Comes back when the item's work is done, by this thread or by another."""
        mine = _Waiting(item, holds)
        try:
            with self._gate:
                self._waiting.append(mine)
                self._crowd = max(self._crowd, self._at_work + len(self._waiting))
                self._appoint(mine)
            mine.bell.acquire()
            if mine.group:
                self._lead(mine)
        except BaseException:
            self._give_up(mine)
            raise

    def _lead(self, mine: _Waiting[T]) -> None:
        """Its group is not waiting any more, and the names are held."""
        group = mine.group
        try:
            if self._gathering:
                self._gather(group)
            self._work([each.item for each in group])
        finally:
            with self._gate:
                self._let_go(mine)
            for each in group:
                if each is not mine:
                    each.bell.release()

    def _gather(self, group: list[_Waiting[T]]) -> None:
        until = time.perf_counter() + self._gathering
        while len(self._waiting) + len(group) < self._crowd and time.perf_counter() < until:
            time.sleep(NAP)
        with self._gate:
            self._take(group)

    def _appoint(self, latest: _Waiting[T] | None = None) -> None:
        """The latest leads its group: it is awake. Otherwise whoever has waited longest does."""
        while self._leading < self._leaders and self._enough:
            group: list[_Waiting[T]] = []
            self._take(group)
            if not group:
                return
            self._leading += 1
            self._crowd -= 1
            leader = latest if latest in group else group[0]
            leader.group = group
            leader.bell.release()

    @property
    def _enough(self) -> bool:
        return not self._at_work or HALVES * len(self._waiting) >= self._crowd

    def _take(self, group: list[_Waiting[T]]) -> None:
        """Those who wait go with the group, unless somebody else holds one of their names, or waits
        for it before them."""
        others = self._held.difference(*(each.holds for each in group))
        for each in [*self._waiting]:
            if len(group) >= self._most:
                return
            if others.isdisjoint(each.holds):
                self._waiting.remove(each)
                group.append(each)
                self._at_work += 1
                self._held.update(each.holds)
            else:
                others.update(each.holds)

    def _let_go(self, leader: _Waiting[T]) -> None:
        group, leader.group = leader.group, []
        self._leading -= 1
        self._at_work -= len(group)
        self._held.difference_update(*(each.holds for each in group))
        self._appoint()

    def _give_up(self, mine: _Waiting[T]) -> None:
        """Interrupted before its work began, or while another is at it."""
        with self._gate:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif mine.group:
                self._waiting.extendleft(each for each in mine.group[::-1] if each is not mine)
                self._let_go(mine)


@dataclass(eq=False)
class _Caller:
    workspace: str
    requests: Sequence[Request]
    replies: Sequence[Reply] | None = None
    error: Exception | None = None
    tried: bool = False
    """Somebody tried, and nobody knows what became of it."""

    @property
    def answered(self) -> bool:
        return self.replies is not None or self.error is not None


Decide = Callable[[Pages], Mapping[str, Sequence[Reply]]]


@dataclass(eq=False)
class GroupCommit:
    """``from_memory`` decides pages of those workspaces that are ``remembered``, ``together`` pages
    of any; both answer those that they could. ``alone`` decides one page, whatever it takes, and
    hears whether it may have been decided before. Safe to share between threads.
    """

    remembered: Callable[[str], bool]
    from_memory: Decide
    together: Decide
    alone: Callable[[str, Sequence[Request], bool], Sequence[Reply]]
    _at_once: LeadingQueue[Sequence[_Caller]] = field(init=False)
    _everybody: LeadingQueue[Sequence[_Caller]] = field(init=False)
    _queues: WeakValueDictionary[str, LeadingQueue[_Caller]] = field(
        default_factory=WeakValueDictionary
    )
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        decide = partial(_serve, self.from_memory)
        self._at_once = LeadingQueue(decide, MOST, gathering=0, leaders=LEADERS)
        self._everybody = LeadingQueue(partial(_serve, self.together), MOST)

    def ask(self, workspace: str, requests: Sequence[Request]) -> Sequence[Reply]:
        """The replies, in order. Raises what went wrong in this workspace, and only that."""
        (answer,) = self.ask_all([(workspace, requests)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_all(self, pages: Sequence[Page]) -> list[Answer]:
        """The replies of each page, or what went wrong with it."""
        callers = [_Caller(*page) for page in pages]
        names = {each.workspace for each in callers}
        remembered = {name for name in names if self.remembered(name)}
        if remembered:
            at_once = [each for each in callers if each.workspace in remembered]
            self._at_once.submit(at_once, remembered)
        untried = [each for each in callers if not (each.answered or each.tried)]
        if untried:
            self._everybody.submit(untried)
        for each in callers:
            while not each.answered:
                self._queue(each.workspace).submit(each)
        return [each.error or each.replies or () for each in callers]

    def _queue(self, workspace: str) -> LeadingQueue[_Caller]:
        with self._lock:
            queue = self._queues.get(workspace)
            if queue is None:
                queue = self._queues[workspace] = LeadingQueue(self._serve_alone, MOST)
            return queue

    def _serve_alone(self, callers: Sequence[_Caller]) -> None:
        """All in one transaction; one by one where that fails, so that nobody pays for another.

        A store that is lost is lost for all of them.
        """
        ((workspace, requests),) = _pages(callers).items()
        tried = any(caller.tried for caller in callers)
        try:
            _hand_out(callers, self.alone(workspace, requests, tried))
        except StoreUnavailable as error:
            _fail(callers, error)
        except Exception as error:  # noqa: BLE001 raised by ``ask``
            if len(callers) == 1:
                return _fail(callers, error)
            _doubt(callers)
            for caller in callers:
                self._serve_alone([caller])
        except BaseException:
            _doubt(callers)
            raise


def _serve(decide: Decide, asked: Sequence[Sequence[_Caller]]) -> None:
    """Whoever is not answered here goes alone in the end, where errors have a name."""
    callers = [*chain.from_iterable(asked)]
    try:
        replies = decide(_pages(callers))
    except Exception:  # noqa: BLE001 each finds out alone what it was
        replies = {}
        _doubt(callers)
    except BaseException:
        _doubt(callers)
        raise
    for workspace, found in replies.items():
        _hand_out([each for each in callers if each.workspace == workspace], found)


def _doubt(callers: Sequence[_Caller]) -> None:
    for caller in callers:
        caller.tried = True


def _fail(callers: Sequence[_Caller], error: Exception) -> None:
    for caller in callers:
        caller.error = error


def _pages(callers: Sequence[_Caller]) -> dict[str, list[Request]]:
    pages: dict[str, list[Request]] = {}
    for caller in callers:
        pages.setdefault(caller.workspace, []).extend(caller.requests)
    return pages


def _hand_out(callers: Sequence[_Caller], replies: Sequence[Reply]) -> None:
    """Each caller of one workspace gets as many as it had requests."""
    position = 0
    for caller in callers:
        caller.replies = replies[position : position + len(caller.requests)]
        position += len(caller.requests)
