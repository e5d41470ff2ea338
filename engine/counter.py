"""Where commands queue: those that wait at the same time are decided in one transaction.

First all workspaces together, each as long as nobody else holds it and nothing is due in it. A
workspace that would keep the others waiting goes by itself, with everybody who asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakValueDictionary

from engine.answer import Answer, Request
from engine.combining import Combining
from engine.store import StoreUnavailable

MOST = 64
"""Callers served by one transaction; more makes it longer and no cheaper by the command."""

Pages = Mapping[str, Sequence[Request]]
"""Requests by workspace."""


@dataclass(eq=False)
class _Caller:
    workspace: str
    requests: Sequence[Request]
    answers: Sequence[Answer] | None = None
    error: Exception | None = None
    tried: bool = False
    """Somebody tried, and nobody knows what became of it."""


@dataclass(eq=False)
class Counter:
    """``together`` decides pages of several workspaces and answers those it could; ``alone`` one
    page, whatever it takes, and hears whether it may have been decided before. Safe to share
    between threads.
    """

    together: Callable[[Pages], Mapping[str, Sequence[Answer]]]
    alone: Callable[[str, Sequence[Request], bool], Sequence[Answer]]
    _everybody: Combining[_Caller] = field(init=False)
    _queues: WeakValueDictionary[str, Combining[_Caller]] = field(
        default_factory=WeakValueDictionary
    )
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._everybody = Combining(self._serve_together, MOST)

    def ask(self, workspace: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """The answers, in order. Raises what went wrong in this workspace, and only that."""
        caller = _Caller(workspace, requests)
        self._everybody.submit(caller)
        while caller.answers is None and caller.error is None:
            self._queue(workspace).submit(caller)
        if caller.error is not None:
            raise caller.error
        return caller.answers or ()

    def _queue(self, workspace: str) -> Combining[_Caller]:
        with self._lock:
            queue = self._queues.get(workspace)
            if queue is None:
                queue = self._queues[workspace] = Combining(self._serve_alone, MOST)
            return queue

    def _serve_together(self, callers: Sequence[_Caller]) -> None:
        """Whoever is not answered here goes alone, where errors have a name."""
        try:
            answers = self.together(_pages(callers))
        except Exception:  # noqa: BLE001 each finds out alone what it was
            answers = {}
            _doubt(callers)
        except BaseException:
            _doubt(callers)
            raise
        for workspace, found in answers.items():
            _hand_out([each for each in callers if each.workspace == workspace], found)

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


def _hand_out(callers: Sequence[_Caller], answers: Sequence[Answer]) -> None:
    """Each caller of one workspace gets as many as it had requests."""
    position = 0
    for caller in callers:
        caller.answers = answers[position : position + len(caller.requests)]
        position += len(caller.requests)
