"""One workspace's mail, handled by one process at a time: which accounts have something to do
now."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from engine.command_context import Look
from engine.reply import Request
from engine.work.mailing.account_mail import AccountMail, Desk
from engine.work.mailing.dispatch import left_over
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.outgoing import ACTOR
from engine.work.mailing.sent_mail import SentIndex
from events.campaign import RecipientMigrated
from events.recorded import Recorded
from events.vocabulary import AccountId, ConnectionStatus

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
"""The pause of an account after an error, or after a message met its trouble; doubled each time."""
LOOK_AGAIN = timedelta(seconds=60)
"""The workspace is looked at again after this time at the latest."""


class Turn(NamedTuple):
    """An account that has something to do. ``read``: whether to read its inbox, too."""

    account: AccountMail
    read: bool


class _Pause(NamedTuple):
    until: datetime
    length: timedelta

    def lasts(self, now: datetime) -> bool:
        """Whether the pause lasts; no longer than its length, even if the clock was set back."""
        return self.until - self.length <= now < self.until


class _Moments(NamedTuple):
    wakes_at: datetime
    sends_at: datetime | None


class WorkspaceMail:
    """Make one when this process takes over the workspace's mail. One thread calls ``follow`` and
    ``due``; any number call ``run``, each with its own account.

    ``read_every`` is the time between two readings of an inbox; it must be shorter than the age at
    which a reading no longer lets follow-ups leave (M4).
    """

    def __init__(
        self,
        desk: Desk,
        inboxes: WorkspaceInboxes,
        index: SentIndex,
        read_every: timedelta = timedelta(seconds=60),
    ) -> None:
        self._read_every = read_every
        self._desk, self._inboxes, self._index = desk, inboxes, index
        self._engine, self._workspace = desk.way.engine, desk.way.dispatch.workspace
        self._lock = Lock()
        self._accounts: dict[AccountId, AccountMail] = {}
        self._busy: set[AccountId] = set()
        self._read_at: dict[AccountId, datetime] = {}
        self._pauses: dict[AccountId, _Pause] = {}
        self._stirred = True
        self._looked_at = self._engine.store.now()
        """Read from a clock that may be set back."""
        self._listened: Sequence[AccountId] = ()
        self._moments: _Moments | None = None
        """As of ``_looked_at``; None until somebody asks."""
        self._record_left_over()

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """Take in what was recorded in the workspace."""
        events = [each.event for each in recorded]
        for account_id in {
            each.account_id for each in events if isinstance(each, RecipientMigrated)
        }:
            self._inboxes.forget(account_id)
        self._index.follow(events)
        self._desk.searches.follow(events)
        self._desk.way.dispatch.follow(recorded)
        self._stirred = True

    def due(self) -> list[Turn]:
        """The turns that are due now; each must be ``run``, which may take long."""
        now = self._engine.store.now()
        if not self._stirred and self._looked_at <= now < self.wakes_at:
            return []
        self._stirred, self._looked_at, self._moments = False, now, None
        self._listened = self._listens()
        senders = set(self._desk.way.dispatch.senders())
        turns = (self._turn(each, now, each in senders) for each in self._listened)
        return [each for each in turns if each is not None]

    @property
    def wakes_at(self) -> datetime:
        """When there may be something to do next, unless something happens before."""
        return self._next_moments().wakes_at

    def run(self, turn: Turn, wanted: Callable[[], bool]) -> None:
        """Take the turn. Raises its error; the account is tried again after a while."""
        account_id = turn.account.account_id
        began = self._engine.store.now()
        try:
            well = turn.account.run(read=turn.read, wanted=wanted)
        except BaseException:
            self._pause(account_id)
            raise
        else:
            if well:
                self._pauses.pop(account_id, None)
            else:
                self._pause(account_id)
            if turn.read:
                self._read_at[account_id] = began
        finally:
            with self._lock:
                self._busy.discard(account_id)
            self._stirred = True

    def sends_at(self) -> datetime | None:
        """When the next message may leave or the next sequence is over, unless something happens
        before."""
        if self._stirred:
            return self._desk.way.dispatch.wakes_at(self._engine.store.now())
        return self._next_moments().sends_at

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._busy)

    def _record_left_over(self) -> None:
        with self._engine.look(self._workspace) as now:
            unknown = list(left_over(now))
        new_id = self._desk.way.new_id
        requests = [Request(each, new_id(), ACTOR) for each in unknown]
        if requests:
            self._engine.execute_page(self._workspace, requests)
            self._desk.way.dispatch.begin()

    def _listens(self) -> list[AccountId]:
        """Working accounts that are, or were, senders of a campaign."""
        with self._engine.look(self._workspace) as now:
            return [
                each
                for each in sorted({*_of_campaigns(now)})
                if now.account(each).status is ConnectionStatus.SUCCESSFUL
                and now.account(each).credentials is not None
            ]

    def _turn(self, account_id: AccountId, now: datetime, sends: bool) -> Turn | None:
        pause = self._pauses.get(account_id)
        with self._lock:
            if account_id in self._busy or (pause is not None and pause.lasts(now)):
                return None
        read = self._is_reading_due(account_id, now)
        if not read and not (sends and self._desk.way.dispatch.has_next(account_id)):
            return None
        with self._lock:
            self._busy.add(account_id)
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = AccountMail(self._desk, account_id)
        return Turn(account, read)

    def _is_reading_due(self, account_id: AccountId, now: datetime) -> bool:
        """Whether the inbox is due to be read. A failed try counts, too: a mailbox that refuses the
        login is left alone for the same time."""
        last = self._read_at.get(account_id) or self._inboxes.read_until(account_id)
        return last is None or now - last >= self._read_every or now < last

    def _next_moments(self) -> "_Moments":
        if self._moments is None:
            found = [self._looked_at + LOOK_AGAIN]
            found += [
                self._read_at.get(each, self._looked_at) + self._read_every
                for each in self._listened
            ]
            found += [each.until for each in list(self._pauses.values())]
            sends_at = self._desk.way.dispatch.wakes_at(self._looked_at)
            wakes_at = min([*found, *([sends_at] if sends_at else [])])
            self._moments = _Moments(wakes_at, sends_at)
        return self._moments

    def _pause(self, account_id: AccountId) -> None:
        last = self._pauses.get(account_id)
        length = min(last.length * 2, LONGEST_PAUSE) if last else FIRST_PAUSE
        self._pauses[account_id] = _Pause(self._engine.store.now() + length, length)


def _of_campaigns(now: Look) -> Iterator[AccountId]:
    for campaign in now.campaigns():
        yield from campaign.lanes
        occupant = now.slot(campaign.slot_id).occupant if campaign.slot_id else None
        if occupant is not None:
            yield occupant
