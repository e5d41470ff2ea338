"""C1-C6, R1, R2, T1: checks, incidents, settings."""

from datetime import datetime, timedelta

from engine.audit.books import Account, Books, Incident
from events import email_account as facts
from events.vocabulary import Asker, ConnectionStatus, FailureClass, IncidentKind, Settings


def connected(books: Books, event: facts.AccountConnected) -> None:
    """T3: only an account that is not connected can be connected, and only in a free slot."""
    account = books.account(event.account_id)
    if account.connected:
        books.report("T3", f"{account.id} was connected while it was connected already.")
    occupant = books.slots.get(event.slot_id)
    if occupant is not None and occupant != account.id:
        books.report("T3", f"Slot {event.slot_id} was taken by {occupant}.")
    account.status = ConnectionStatus.SUCCESSFUL
    account.slot_id = event.slot_id
    account.settings = event.settings
    account.reconnected(event.occurred_at)
    _healthy(account)
    books.touch(account.id)


def settings_updated(books: Books, event: facts.SettingsUpdated) -> None:
    """R1: a One-Click Reconnect changes no setting."""
    account = books.account(event.account_id)
    if books.root == "OneClickReconnect" and event.settings != account.settings:
        books.report("R1", f"A One-Click Reconnect changed the settings of {account.id}.")
    account.settings = event.settings


def check_requested(books: Books, event: facts.CheckRequested) -> None:
    """C6: running clocks wait for a check that was requested in time."""
    account = books.account(event.account_id)
    now, patience = event.occurred_at, event.patience_ends_at
    if patience < now:
        books.report("C6", "A check's patience ends before it was asked for.")
    account.checks = {key: each for key, each in account.checks.items() if each[1] >= now}
    account.checks[event.check_id] = now, patience
    for campaign_id in books.of_account.get(account.id, ()):
        clock = books.clocks.get((campaign_id, account.id))
        if clock is not None and clock.kind is IncidentKind.FAILURE and now <= clock.deadline_at:
            clock.due_at = max(clock.due_at, patience)
    books.reckon()


def check_passed(books: Books, event: facts.CheckPassed | facts.OneClickReconnected) -> None:
    """C1, C5: a full successful check cures an incident, if there is one."""
    account = books.account(event.account_id)
    if not event.report.successful:
        books.report("C1", "A check counted as passed without passing every stage.")
    if not account.connected:
        books.report("C5", f"{account.id} passed a check though it is not connected.")
    _counts_as_of_its_request(books, account, event)
    if event.check_id is not None:
        account.checks.pop(event.check_id, None)
    _healthy(account)
    if isinstance(event, facts.OneClickReconnected):
        account.reconnected(event.occurred_at)
    account.healthy_at = event.occurred_at
    books.touch(account.id)
    if account.failure is not None:
        books.owed.restoring = account.id


def check_failed(books: Books, event: facts.CheckFailed) -> None:
    """C2, C3: misses are counted correctly; what must follow derives from the recorded policy."""
    account = books.account(event.account_id)
    found = event.report.found
    if found is None:
        books.report("C1", "A check counted as failed though it passed every stage.")
        return
    missed = event.asked_by is Asker.BACKGROUND and found.opens_incident and not found.permanent
    if event.misses != account.misses + missed:
        due = account.misses + missed
        books.report("C2", f"The check counts {event.misses} misses of {account.id}, not {due}.")
    if missed:
        account.first_missed_at = account.first_missed_at or event.occurred_at
    account.misses = event.misses
    account.checks.pop(event.check_id or "", None)
    if account.status is ConnectionStatus.SUCCESSFUL and _fails_now(account, event, found):
        books.owed.failure_of = account.id


def _fails_now(account: Account, event: facts.CheckFailed, found: FailureClass) -> bool:
    if not found.opens_incident:
        return False
    if found.permanent or event.asked_by is Asker.USER:
        return True
    first, span = account.first_missed_at, event.misses_span
    if event.misses_before_failure is None or first is None or span is None:
        return False
    return event.misses >= event.misses_before_failure and event.occurred_at - first >= span


def connection_failed(books: Books, event: facts.ConnectionFailed) -> None:
    """C2, C4, S2: an account fails only by a check that suffices for it, and only if it worked
    before."""
    account = books.account(event.account_id)
    if not event.failure_class.opens_incident:
        books.report("C3", f"An incident was opened by {event.failure_class}, which opens none.")
    elif account.status is not ConnectionStatus.SUCCESSFUL:
        books.report("C4", f"An incident of {account.id} was opened while it was {account.status}.")
    elif books.owed.failure_of != account.id:
        books.report("C2", f"{account.id} failed without a check that is enough for it.")
    books.owed.failure_of = None
    kind, window = IncidentKind.FAILURE, event.resolution_window
    _open(books, account, event, kind, window)
    account.status = ConnectionStatus.FAILED
    account.failure = event.incident_id


def connection_restored(books: Books, event: facts.ConnectionRestored) -> None:
    """C5: the open failure is restored, by a full successful check."""
    account = books.account(event.account_id)
    if books.owed.restoring != account.id:
        books.report("C5", f"{account.id} was restored without a full successful check.")
    if account.failure != event.incident_id:
        books.report("C5", f"{event.incident_id} was cured though it is not the open failure.")
    books.owed.restoring = None
    _over(account, event.incident_id, restored=True)
    books.end_notice_due[event.incident_id] = account.id
    account.status = ConnectionStatus.SUCCESSFUL
    account.reconnected(event.occurred_at)
    account.failure = None


def one_click_rejected(books: Books, event: facts.OneClickRejected) -> None:
    """C6: the requested check has ended; R2: nothing else has changed."""
    books.account(event.account_id).checks.pop(event.check_id or "", None)


def disconnected(books: Books, event: facts.AccountDisconnected) -> None:
    """T1, T2: settings before and after, the latter the defaults; a new incident that supersedes
    the failure."""
    account = books.account(event.account_id)
    if not account.connected or account.slot_id != event.slot_id:
        books.report("T1", f"{account.id} was disconnected from {event.slot_id}, where it is not.")
    if event.settings_before != account.settings:
        books.report("T1", f"The settings before are not those {account.id} had (R1).")
    if event.settings_after != Settings():
        books.report("T1", "The settings after a disconnect are not the defaults.")
    if event.supersedes != account.failure:
        books.report("T2", f"The disconnect ends {event.supersedes}, not {account.failure}.")
    _open(books, account, event, IncidentKind.DISCONNECT, event.grace_period)
    if event.supersedes is not None:
        _over(account, event.supersedes)
    _healthy(account)
    account.status, account.slot_id, account.failure = ConnectionStatus.DISCONNECTED, None, None
    account.settings = event.settings_after
    account.checks = {}
    for name in books.of_account.get(account.id, ()):
        lane = books.campaigns[name].lane(account.id)
        if lane.listed or lane.at_stake:
            books.hours.append((name, account.id))


def _open(
    books: Books,
    account: Account,
    event: facts.ConnectionFailed | facts.AccountDisconnected,
    kind: IncidentKind,
    lasts: timedelta,
) -> None:
    """S2, N1: deadline and reminders derive from the recorded policy."""
    account.opened += 1
    if event.incident_id != f"{account.id}#{account.opened}":
        due = f"{account.id}#{account.opened}"
        books.report("S6", f"The incident is named {event.incident_id}, not {due}.")
    if event.deadline_at != event.occurred_at + lasts:
        books.report("S2", f"The deadline is not {lasts} after {event.incident_id} began.")
    if any(not event.occurred_at < each < event.deadline_at for each in event.remind_at):
        books.report("N1", "A reminder is due before the trouble or not before its deadline.")
    account.incidents[event.incident_id] = Incident(
        kind, event.occurred_at, event.deadline_at, event.remind_at, event.on_account_trouble
    )
    books.unsettled[account.id] = True


def _over(account: Account, incident_id: str, *, restored: bool = False) -> None:
    incident = account.incidents.get(incident_id)
    if incident is not None:
        incident.over, incident.restored = True, restored


def _healthy(account: Account) -> None:
    account.misses, account.first_missed_at = 0, None


def _counts_as_of_its_request(
    books: Books, account: Account, event: facts.CheckPassed | facts.OneClickReconnected
) -> None:
    """C6: a check counts as of an earlier moment only if that is the moment of a request answered
    in time."""
    now: datetime = books.envelope.recorded_at
    if event.occurred_at == now:
        return
    asked = account.checks.get(event.check_id or "")
    if asked is None or asked[0] != event.occurred_at or asked[1] < now:
        books.report("C6", "The check counts as of an earlier moment than it may.")
