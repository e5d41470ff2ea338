"""The port to whoever watches the engine work: told what became of commands, after each commit.

Nothing is told of what was rolled back, of a command that was answered before, nor of a turn that
changed nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from engine.batch import Batch


class Committed(NamedTuple):
    """One transaction, in however many workspaces. Moments are ``time.perf_counter_ns``."""

    batches: Sequence[Batch]
    """Every command with its events, causes before what they caused.

    An envelope says who sent the command (``actor``: a person, ``clock``, ``processor:…``), which
    event caused it, and whether it was refused. Its position is not that of the log: it counts from
    1 in each workspace.
    """
    entered_at: int
    """The workspaces were locked."""
    decided_at: int
    """Everything was decided; what comes then is the append."""
    committed_at: int

    @property
    def events(self) -> int:
        return sum(len(batch.events) for batch in self.batches)

    @property
    def append_seconds(self) -> float:
        """From the last decision until the store had committed."""
        return (self.committed_at - self.decided_at) / 1e9


class Observer(Protocol):
    def committed(self, done: Committed) -> None:
        """To be quick: whoever asked for the commands still waits. May be called by any thread.

        An error is swallowed, because what is told has happened.
        """
        ...


class _Silent:
    def committed(self, done: Committed) -> None:
        """Hears and says nothing."""


SILENT: Observer = _Silent()


class Observers:
    """Several that hear the same; an error of one keeps nothing from the others."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def committed(self, done: Committed) -> None:
        for each in self._observers:
            tell(each, done)


def tell(observer: Observer, done: Committed) -> None:
    """Whatever the observer makes of it, it changes nothing of what has happened."""
    with suppress(Exception):
        observer.committed(done)
