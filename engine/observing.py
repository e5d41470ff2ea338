"""The port to observers of the engine: they are told the outcome of commands, after each commit.

They are not told of what was rolled back, of a command that was answered before, or of a turn that
changed nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from engine.batch import Batch


class Committed(NamedTuple):
    """One transaction, in one or more workspaces. Moments are ``time.perf_counter_ns``."""

    batches: Sequence[Batch]
    """Every command with its events, causes before their effects.

    An envelope says who sent the command (``actor``: a person, ``clock``, ``processor:…``), which
    event caused it, and whether it was refused. Its position is not that of the log: it counts from
    1 in each workspace.
    """
    entered_at: int
    """When the workspaces were locked."""
    decided_at: int
    """When everything was decided, and the append began."""
    committed_at: int

    @property
    def events(self) -> int:
        return sum(len(batch.events) for batch in self.batches)

    @property
    def append_seconds(self) -> float:
        """Seconds from the last decision to the store's commit."""
        return (self.committed_at - self.decided_at) / 1e9


class Observer(Protocol):
    def committed(self, done: Committed) -> None:
        """Must be quick: the senders of the commands are still waiting. May be called by any
        thread.

        An error is swallowed, because the commit has already happened.
        """
        ...


class _Silent:
    def committed(self, done: Committed) -> None:
        """Ignores everything."""


SILENT: Observer = _Silent()


class Observers:
    """Several observers of the same commits; an error of one does not affect the others."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def committed(self, done: Committed) -> None:
        for each in self._observers:
            tell(each, done)


def tell(observer: Observer, done: Committed) -> None:
    """Tell the observer. Its errors are swallowed, because the commit has already happened."""
    with suppress(Exception):
        observer.committed(done)
