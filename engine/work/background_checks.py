"""Check every connected account regularly in the background (C2, C5).

A turn leases the checks that are due and hands them to the threads that run them. Their results are
recorded for the account and decide, by the rules of ``check_times``, when it is checked next. A
worker that dies leaves only leases behind, and they run out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from engine.ports.check_schedule import CheckSchedule, ScheduledCheck
from engine.ports.clock import Clock
from engine.ports.views import ReadableViews
from engine.work.check_connection import Checked, ConnectionChecks
from engine.work.check_places import Place, Places
from engine.work.check_times import CheckTimes, Trouble
from engine.work.ports import Mailbox, NewId
from events.email_account import ConnectionFailed, ConnectionRestored
from events.vocabulary import AccountId, ConnectionStatus, FailureClass
from projections.accounts import ACCOUNTS, AccountRow

LEASE = timedelta(seconds=90)
"""Longer than a check and its recording can take: 15 s for each side, a token refresh before, and
30 s to wait for a store that cannot be reached."""
UNCHECKED = frozenset({"", "simulated"})
"""Providers without a mail server."""

ServerOf = Callable[[Mailbox], str]
"""The hosts that a check of this mailbox connects to. Raises ``VaultError``."""


class Begun(NamedTuple):
    """A check that has been given a place and must be run."""

    check: ScheduledCheck
    account: AccountRow
    place: Place


class Ended(NamedTuple):
    """The outcome of a check; ``error`` if the check could not find anything out."""

    begun: Begun
    checked: Checked | None
    error: Exception | None = None

    @property
    def found(self) -> FailureClass | None:
        """The failure that the check found; None if it passed or found nothing out."""
        findings = self.checked.findings if self.checked else None
        return findings.report.found if findings else None


class BackgroundChecks(NamedTuple):
    """The background checks of all workspaces. Any number of threads may call ``run``; only one may
    call the other methods."""

    schedule: CheckSchedule
    views: ReadableViews
    checks_of: Callable[[str], ConnectionChecks]
    servers_of: Callable[[str], ServerOf]
    now: Clock
    new_id: NewId
    times: CheckTimes
    places: Places

    def synchronise(self) -> None:
        """Bring the schedule into line with the accounts that are connected, and plan anew any
        check that is planned too far ahead.

        An account that the view does not know yet is left alone: the view may only be late.
        """
        now = self.now()
        accounts = {_key(each): each for each in self.views.rows(ACCOUNTS)}
        known = {each.key: each for each in self.schedule.rows()}
        wanted = {key: each for key, each in accounts.items() if _has_server(each)}
        gone = accounts.keys() - wanted.keys()
        self.schedule.remove(known[key] for key in known.keys() & gone)
        self.schedule.add(
            [self._planned(each, now) for key, each in wanted.items() if key not in known]
        )
        both = ((known[key], each) for key, each in wanted.items() if key in known)
        self.schedule.settle(
            self.times.planned_anew(check, now)
            for check, account in both
            if self.times.is_out_of_time(check, now) or _was_cured_since(check, account)
        )

    def due_at(self) -> datetime | None:
        """When the next check is due; None if none is scheduled."""
        return min((each.due_at for each in self.schedule.rows()), default=None)

    def begin(self) -> Iterator[Begun]:
        """The checks that are due and may run now. For each, call ``run``, ``give_back`` and
        ``settle``."""
        while free := self.places.free:
            leased = self._leased(free)
            yield from self._admitted(leased)
            if len(leased) < free:
                break

    def run(self, begun: Begun) -> Ended:
        """Check the account and record anything new."""
        check, account = begun.check, begun.account
        mailbox = Mailbox(account.account_id, account.credentials)
        try:
            checked = self.checks_of(check.workspace).in_background(mailbox)
        except Exception as error:  # noqa: BLE001 nothing was found out; the caller reports it
            return Ended(begun, None, error)
        return Ended(begun, checked)

    def give_back(self, ended: Ended) -> None:
        """Free the check's place for another. Call this as soon as the check has ended."""
        found = ended.found
        self.places.give_back(
            ended.begun.place,
            monotonic(),
            passed=ended.error is None and found is None,
            throttled=found is FailureClass.THROTTLED,
        )

    def settle(self, ended: Iterable[Ended]) -> None:
        """Schedule the next check of these accounts."""
        now = self.now()
        self.schedule.settle(self._after(each, now) for each in ended)

    def _leased(self, most: int) -> Sequence[ScheduledCheck]:
        now = monotonic()
        return self.schedule.lease(
            most,
            self.new_id(),
            LEASE,
            without=self.places.full(now),
            untried=not self.places.takes_doubtful(now),
        )

    def _admitted(self, leased: Sequence[ScheduledCheck]) -> Sequence[Begun]:
        """The checks that get a place; the others give up their leases."""
        accounts = self.views.fetch(ACCOUNTS, [each.key for each in leased])
        now = self.now()
        placed = [self._placed(each, accounts.get(each.key), now) for each in leased]
        begun = [each for each in placed if isinstance(each, Begun)]
        try:
            self.schedule.settle(each for each in placed if isinstance(each, ScheduledCheck))
            gone = (each for each, what in zip(leased, placed, strict=True) if what is None)
            self.schedule.remove(gone)
        except BaseException:
            for each in begun:
                self.places.give_back(each.place, monotonic(), passed=False, throttled=False)
            raise
        return begun

    def _placed(
        self, check: ScheduledCheck, account: AccountRow | None, now: datetime
    ) -> Begun | ScheduledCheck | None:
        """The check as it begins, or as it is scheduled again; None if there is nothing left to
        check."""
        if account is None or self._may_wait(check, account, now):
            return self.times.at_next_turn(check, now)
        if not _has_server(account):
            return None
        known = self._with_server(check, account)
        place = self.places.take(known.server, monotonic(), doubtful=known.tries > 0)
        return known if place is None else Begun(known, account, place)

    def _may_wait(self, check: ScheduledCheck, account: AccountRow, now: datetime) -> bool:
        works = account.status is ConnectionStatus.SUCCESSFUL
        return works and self.times.is_too_late(check, now)

    def _planned(self, account: AccountRow, now: datetime) -> ScheduledCheck:
        check = ScheduledCheck(*_key(account), due_at=now)
        return self.times.at_next_turn(self._with_server(check, account), now)

    def _with_server(self, check: ScheduledCheck, account: AccountRow) -> ScheduledCheck:
        """Look the server up again after a reconnect, which also resets the count of tries."""
        if check.credentials == account.credentials and check.server:
            return check
        mailbox = Mailbox(account.account_id, account.credentials)
        try:
            server = self.servers_of(account.workspace)(mailbox)
        except Exception:  # noqa: BLE001 the check itself will tell what is wrong
            server = ""
        return check._replace(credentials=account.credentials, server=server, tries=0)

    def _after(self, ended: Ended, now: datetime) -> ScheduledCheck:
        check, account, _ = ended.begun
        if ended.checked is None or ended.checked.findings is None:
            return self.times.after_nothing(check, now)
        trouble = _trouble(account, ended.checked)
        return self.times.after(check, now, ended.found, trouble, ended.checked.findings.back_off)


def ask_for_check(
    schedule: CheckSchedule, workspace: str, account_id: AccountId, now: datetime
) -> None:
    """Have the account checked next, unless a check of it is running."""
    found = schedule.row(workspace, account_id)
    if found is None:
        schedule.add([ScheduledCheck(workspace, account_id, now)])
    elif not found.lease:
        schedule.settle([found._replace(due_at=now)])


def _key(account: AccountRow) -> tuple[str, str]:
    return account.workspace, account.account_id


def _has_server(account: AccountRow) -> bool:
    """Whether the account is connected, and has credentials and a mail server to check."""
    connected = account.status is not ConnectionStatus.DISCONNECTED
    return connected and account.credentials is not None and account.provider not in UNCHECKED


def _was_cured_since(check: ScheduledCheck, account: AccountRow) -> bool:
    """Whether something else cured the account after its last check; its longer waits then no
    longer apply."""
    if account.status is not ConnectionStatus.SUCCESSFUL or check.lease or not check.tries:
        return False
    since, checked_at = account.since, check.checked_at
    return since is not None and checked_at is not None and checked_at < since


def _trouble(account: AccountRow, checked: Checked) -> Trouble | None:
    """The account's trouble after the check: what the check recorded overrides what the view
    knew."""
    failed = account.status is ConnectionStatus.FAILED
    trouble = Trouble(account.deadline_at) if failed else None
    for recorded in checked.reply.recorded if checked.reply else ():
        match recorded.event:
            case ConnectionFailed(account_id=account.account_id, deadline_at=deadline_at):
                trouble = Trouble(deadline_at)
            case ConnectionRestored(account_id=account.account_id):
                trouble = None
    return trouble
