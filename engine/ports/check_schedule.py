"""When each account is checked next, and by whom now: the port to where that is kept.

What can be derived (which accounts there are, and when in the period it is an account's turn) is
derived again where the rows are lost; what cannot (how often in a row a check did not pass, and how
long a server asked to be left alone) stays in them.
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
    """Those that were in use when ``server`` was looked up."""
    server: str = ""
    """The host names that a check connects to; empty where they are not known."""
    tries: int = 0
    """Checks in a row that did not pass."""
    found: str | None = None
    """The class of the last check; None for one that passed, or none yet."""
    checked_at: datetime | None = None
    lease: str = ""
    """The name of the lease under which somebody checks now."""

    @property
    def key(self) -> tuple[str, AccountId]:
        return self.workspace, self.account_id


class Overdue(NamedTuple):
    """Checks whose time has come and that nobody has taken; ``since`` is that of the oldest."""

    checks: int
    since: datetime | None


class CheckSchedule(Protocol):
    """Kept beside the log, and shared by all workers. Goes by the store's clock.

    A lease that runs out makes its check due again: nobody has to notice that a worker died. What
    its holder writes after that changes nothing.
    """

    def rows(self, *workspace: str) -> Sequence[ScheduledCheck]:
        """Of all workspaces, or of these, by workspace and account."""
        ...

    def row(self, workspace: str, account_id: AccountId) -> ScheduledCheck | None: ...

    def overdue(self) -> Overdue: ...

    def add(self, checks: Iterable[ScheduledCheck]) -> None:
        """Those that are there already stay as they are."""
        ...

    def remove(self, checks: Iterable[ScheduledCheck]) -> None:
        """Whoever holds a lease of them."""
        ...

    def lease(
        self, most: int, lease: str, time: timedelta, *, without: Collection[str], untried: bool
    ) -> Sequence[ScheduledCheck]:
        """Take checks that are due, the longest due first, for so much time.

        Left out are those of the servers ``without``, with ``untried`` also those whose last check
        did not pass, and what somebody else takes at this moment. ``due_at`` is when each was due.
        ``lease`` is a name that nobody used before.
        """
        ...

    def settle(self, checks: Iterable[ScheduledCheck]) -> None:
        """Write these, and give their leases back; not those whose lease is another by now."""
        ...
