"""Connection checks: what they find, when they open an incident, and what they cure (C1-C6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregates.email_account.commands import RecordCheck, RequestCheck
from aggregates.email_account.notices import reminders
from aggregates.email_account.reasons import REASONS
from aggregates.email_account.state import EmailAccount
from aggregates.rejections import IdentityMismatch
from events.email_account import (
    CheckFailed,
    CheckPassed,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    EmailAccountEvent,
)
from events.vocabulary import Asker, ConnectionStatus, FailureClass

RECORDED_AGAIN = timedelta(days=1)
"""The time after which a failure that changes nothing is recorded again."""


def says_something_new(account: EmailAccount, command: RecordCheck) -> bool:
    """C2, C4, C5: whether a background check is worth recording.

    A check that changes the account is: a miss, a failure, a cure. One that changes nothing
    (throttling, or a new failure of a failed account) is if its class differs from the one recorded
    last, and again once a day.
    """
    if not account.connected or _is_outdated(account, command):
        return False
    found, last = command.report.found, account.last_failure
    failed = account.status is ConnectionStatus.FAILED
    if found is None:
        return failed or account.misses > 0
    if found.opens_incident and not failed:
        return True
    return last is None or last.found is not found or command.at - last.at >= RECORDED_AGAIN


def request_check(account: EmailAccount, command: RequestCheck) -> CheckRequested:
    return CheckRequested(
        account_id=account.id,
        check_id=command.check_id,
        patience_ends_at=command.at + command.policy.check_patience,
        occurred_at=command.at,
    )


def record_check(account: EmailAccount, command: RecordCheck) -> Sequence[EmailAccountEvent]:
    """C2-C5: the meaning of a check depends on who asked, its class and the status before."""
    if _is_outdated(account, command):
        return []
    found = command.report.found
    if found is None:
        return _passed(account, command)
    failed = _failed(account, command, found)
    if found is FailureClass.IDENTITY_MISMATCH:
        raise IdentityMismatch(account=account.id, facts=[failed])
    if account.status is ConnectionStatus.FAILED or not _fails_now(account, command, failed):
        return [failed]

    return [failed, _connection_failed(account, command, found)]


def _is_outdated(account: EmailAccount, command: RecordCheck) -> bool:
    """Whether the account got other credentials while it was checked with these."""
    known = None not in (account.credentials, command.credentials)
    return known and account.credentials != command.credentials


def _passed(account: EmailAccount, command: RecordCheck) -> Sequence[EmailAccountEvent]:
    nothing_new = account.status is ConnectionStatus.SUCCESSFUL and account.misses == 0
    if command.asked_by is Asker.BACKGROUND and nothing_new:
        return []
    at = counts_as_of(account, command.check_id, command.at)
    return [
        CheckPassed(
            account_id=account.id,
            asked_by=command.asked_by,
            report=command.report,
            check_id=command.check_id,
            occurred_at=at,
        ),
        *cure(account, at),
    ]


def cure(account: EmailAccount, at: datetime) -> Sequence[ConnectionRestored]:
    if account.failure is None:
        return []
    restored_at = max(at, account.incidents[account.failure].opened_at)
    return [
        ConnectionRestored(
            account_id=account.id, incident_id=account.failure, occurred_at=restored_at
        )
    ]


def counts_as_of(account: EmailAccount, check_id: str | None, at: datetime) -> datetime:
    """C6: the moment of its request, if the check ended in time; else its end."""
    pending = account.checks.get(check_id) if check_id else None
    if pending is not None and at <= pending.patience_ends_at:
        return pending.requested_at
    return at


def _failed(account: EmailAccount, command: RecordCheck, found: FailureClass) -> CheckFailed:
    """C2: only a background check's transient failure is a miss."""
    missed = command.asked_by is Asker.BACKGROUND and found.opens_incident and not found.permanent
    policy = command.policy
    return CheckFailed(
        account_id=account.id,
        asked_by=command.asked_by,
        report=command.report,
        misses=account.misses + missed,
        misses_before_failure=policy.misses_before_failure if missed else None,
        misses_span=policy.misses_span if missed else None,
        check_id=command.check_id,
        occurred_at=command.at,
    )


def _fails_now(account: EmailAccount, command: RecordCheck, failed: CheckFailed) -> bool:
    """C2, C3: at once if a user asked or the cause is permanent, else after enough misses."""
    found = command.report.found
    assert found is not None
    if not found.opens_incident:
        return False
    if found.permanent or command.asked_by is Asker.USER:
        return True
    first = account.first_missed_at or command.at
    return (
        failed.misses >= command.policy.misses_before_failure
        and command.at - first >= command.policy.misses_span
    )


def _connection_failed(
    account: EmailAccount, command: RecordCheck, found: FailureClass
) -> ConnectionFailed:
    """S2, N1: the deadline and the reminders, by the policy in force, which is recorded."""
    policy = command.policy
    deadline = command.at + policy.resolution_window
    return ConnectionFailed(
        account_id=account.id,
        incident_id=account.next_incident_id,
        failure_class=found,
        reason=REASONS[found],
        resolution_window=policy.resolution_window,
        deadline_at=deadline,
        remind_at=reminders(command.at, deadline, policy.failure_reminders),
        on_account_trouble=policy.on_account_trouble,
        occurred_at=command.at,
    )
