"""Who works on a store: who settles which workspace, keeps which view, does what only one may."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.ports.views import Views
from projections.projection import Projection


class Leased(NamedTuple):
    """A workspace that one worker alone settles now."""

    workspace: str
    events: int | None
    """How many the workspace has: what settling it may cost. None where nobody counts them."""


class Led(NamedTuple):
    """Views that one worker alone keeps now."""

    projections: Sequence[Projection]
    views: Views
    """Writes nothing of any other view, and nothing once somebody else leads (``Fenced``)."""


class Parked(NamedTuple):
    """A workspace that could not be settled again and again, and waits for an operator."""

    workspace: str
    failures: int
    error: str
    failed_at: datetime
    parked_at: datetime


class Overdue(NamedTuple):
    """Workspaces in which something was due before a moment, parked ones left out."""

    workspaces: int
    since: datetime | None


class Alarm(NamedTuple):
    """What an operator has to put right, and no owner of a mailbox can."""

    about: str
    text: str
    since: datetime


class LiveWorker(NamedTuple):
    """A worker that is alive, as operators are told of it."""

    name: str
    does: Sequence[str]
    since: datetime | None
    """None where the store does not tell."""


class Membership(Protocol):
    """What one worker has to do with the others.

    A lease spares work and guards nothing: settling happens under the workspace's lock. Threads
    share a membership by role: one settles, one leads and waits, one does what it is alone in.
    """

    def lease(self, most: int) -> Sequence[Leased]:
        """Workspaces with something due that nobody else settles now, the longest due first."""
        ...

    def settled(self, workspaces: Sequence[str]) -> None:
        """Give the leases back."""
        ...

    def failed(self, workspace: str, error: BaseException) -> bool:
        """It is tried again later: after a second, then twice as long each time. Parked now?"""
        ...

    def lead(self, projections: Sequence[Projection]) -> Led:
        """Those of them that this worker keeps now; the same object as long as nothing changes.

        Ask before every round: it is here that a loss of the lead is noticed.
        """
        ...

    def let_go(self) -> None:
        """Lead nothing any more; others may take over at once."""
        ...

    def alone_in(self, thing: str) -> bool:
        """Is it this worker that does the thing, of which there may be one? Takes what is free."""
        ...

    def wait(self, poll: float) -> None:
        """Until something was appended, for a second at most; ``poll`` s where nobody tells."""
        ...

    def wake(self) -> None:
        """End the waiting, for good."""
        ...


class Coordination(Protocol):
    """The workers of a store, for who is one, who asks, and who decides what is tried again."""

    def serving(self, worker: str, does: Sequence[str]) -> AbstractContextManager[Membership]:
        """Be a worker of that name, until the end of the block.

        Raises ``StoreError`` where there may be one only, and names it.
        """
        ...

    def workers(self) -> Sequence[LiveWorker] | None:
        """Who is alive; None where that cannot be known, as on a standby."""
        ...

    def overdue(self, before: datetime) -> Overdue: ...

    def parked(self) -> Sequence[Parked]:
        """The oldest first."""
        ...

    def unpark(self, workspace: str) -> bool:
        """Have it tried again. False for one that is not parked."""
        ...

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]:
        """Keep all others that ask for this name waiting, threads and processes, until the end of
        the block; whoever dies in it lets go. Different names may be nested.

        Raises ``StillHeld`` after ``patience`` seconds of waiting.
        """
        ...

    def alarm(self, about: str, text: str) -> bool:
        """Tell operators, until ``calm``. False where they are told about this already."""
        ...

    def calm(self, about: str) -> None:
        """It is put right."""
        ...

    def alarms(self) -> Sequence[Alarm]:
        """The oldest first."""
        ...
