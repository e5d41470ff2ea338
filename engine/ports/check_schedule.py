"""The port to the schedule of checks: when each account is checked next, and who is checking it
now.

What can be derived (which accounts there are, and when in the period it is an account's turn) is
derived again if the rows are lost; what cannot (how many checks in a row did not pass, and how long
a server asked to be left alone) is only in the rows.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from events.vocabulary import AccountId


class ScheduledCheck(NamedTuple):
    """The next check of one account. While it is leased, ``due_at`` is the end of the lease."""

    workspace: str
    account_id: AccountId
    due_at: datetime
    credentials: str | None = None
    """The credentials in use when ``server`` was looked up."""
    server: str = ""
    """The hosts that a check connects to; empty if they are not known."""
    tries: int = 0
    """The number of checks in a row that did not pass."""
    found: str | None = None
    """The class that the last check found; None if it passed, or there was none yet."""
    checked_at: datetime | None = None
    lease: str = ""
    """The name of the lease under which the account is being checked now."""

    @property
    def key(self) -> tuple[str, AccountId]:
        return self.workspace, self.account_id


class Overdue(NamedTuple):
    """Checks that are due and not leased; ``since`` is the due time of the oldest."""

    checks: int
    since: datetime | None


class CheckSchedule(Protocol):
    """Stored apart from the log, and shared by all workers. Uses the store's clock.

    When a lease runs out, its check is due again, so nobody has to notice that a worker died. What
    its holder writes after that changes nothing.
    """

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        """The checks of all workspaces, or of these, sorted by workspace and account."""
        ...

    def row(self, workspace: str, account_id: AccountId) -> ScheduledCheck | None: ...

    def overdue(self) -> Overdue: ...

    def add(self, checks: Iterable[ScheduledCheck]) -> None:
        """Add checks; existing ones stay as they are."""
        ...

    def remove(self, checks: Iterable[ScheduledCheck]) -> None:
        """Remove checks, even leased ones."""
        ...

    def lease(
        self, most: int, lease: str, time: timedelta, *, without: Collection[str], untried: bool
    ) -> Sequence[ScheduledCheck]:
        """Lease due checks for the given time, the longest due first.

        Left out are checks of the servers ``without``, with ``untried`` also those whose last check
        did not pass, and any that somebody else is leasing at this moment. ``due_at`` is when each
        was due. ``lease`` must be a new name.
        """
        ...

    def settle(self, checks: Iterable[ScheduledCheck]) -> None:
        """Write these checks and give up their leases, except those whose lease has changed by
        now."""
        ...
