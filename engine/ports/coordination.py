"""The coordination of a store's workers: who settles which workspace, keeps which view, and does
what only one may do."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.ports.views import Views
from projections.projection import Projection


class Leased(NamedTuple):
    """A workspace that only one worker settles now."""

    workspace: str
    events: int | None
    """The number of the workspace's events, which indicates the cost of settling it; None if it is
    not counted."""


class Led(NamedTuple):
    """Views that only one worker keeps now."""

    projections: Sequence[Projection]
    views: Views
    """Writes only these views, and nothing once another process leads them (``Fenced``)."""


class Parked(NamedTuple):
    """A workspace that repeatedly could not be settled, and waits for an operator."""

    workspace: str
    failures: int
    error: str
    failed_at: datetime
    parked_at: datetime


class Overdue(NamedTuple):
    """Workspaces in which something was due before a moment, without parked ones."""

    workspaces: int
    since: datetime | None


class Alarm(NamedTuple):
    """A problem that an operator has to solve, and the owner of a mailbox cannot."""

    about: str
    text: str
    since: datetime


class LiveWorker(NamedTuple):
    """A live worker, as shown to operators."""

    name: str
    does: Sequence[str]
    since: datetime | None
    """None if the store does not know."""


class Membership(Protocol):
    """One worker's part in the coordination.

    A lease only saves work; it does not protect anything, as settling happens under the workspace's
    lock. Threads share a membership by role: one settles, one leads and waits, one does what only
    one worker may do.
    """

    def lease(self, most: int) -> Sequence[Leased]:
        """Lease workspaces with something due that nobody else is settling, the longest due
        first."""
        ...

    def settled(self, workspaces: Sequence[str]) -> None:
        """Give up the leases."""
        ...

    def failed(self, workspace: str, error: BaseException) -> bool:
        """Have the workspace tried again later: after a second, then twice as long each time.
        Returns whether it is parked now."""
        ...

    def lead(self, projections: Sequence[Projection]) -> Led:
        """The views among them that this worker keeps now; the same object as long as nothing
        changes.

        Call this before every round: this is how a worker notices that it has lost the lead.
        """
        ...

    def let_go(self) -> None:
        """Stop leading; others may take over at once."""
        ...

    def alone_in(self, thing: str) -> bool:
        """Whether this worker is the one that does the thing; takes it if it is free."""
        ...

    def wait(self, poll: float) -> None:
        """Wait until something is appended, for a second at most; for ``poll`` seconds if the store
        does not notify."""
        ...

    def wake(self) -> None:
        """End the waiting, for good."""
        ...


class Coordination(Protocol):
    """The workers of a store: for workers themselves, for questions about them, and for
    operators."""

    def serving(self, worker: str, does: Sequence[str]) -> AbstractContextManager[Membership]:
        """Be a worker of that name, until the end of the block.

        Raises ``StoreError``, naming the other worker, if only one may run.
        """
        ...

    def workers(self) -> Sequence[LiveWorker] | None:
        """The live workers; None if that cannot be known, as on a standby."""
        ...

    def overdue(self, before: datetime) -> Overdue: ...

    def parked(self) -> Sequence[Parked]:
        """The parked workspaces, the oldest first."""
        ...

    def unpark(self, workspace: str) -> bool:
        """Have the workspace tried again. False if it is not parked."""
        ...

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]:
        """Hold this name until the end of the block: all other threads and processes that ask for
        it wait. A process that dies releases it. Different names may be nested.

        Raises ``StillHeld`` after ``patience`` seconds of waiting.
        """
        ...

    def alarm(self, about: str, text: str) -> bool:
        """Raise an alarm for operators, until ``calm``. False if there already is one about
        this."""
        ...

    def calm(self, about: str) -> None:
        """End the alarm: the problem is solved."""
        ...

    def alarms(self) -> Sequence[Alarm]:
        """The alarms, the oldest first."""
        ...
