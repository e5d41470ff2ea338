"""The law of a connection.

C1, C2  A failing check sets ``failed`` at once if a user asked or the cause is permanent,
        after enough misses if it is transient, and never for throttling, a fault of our own or
        another mailbox.
C4, C5  While failed, failures are only recorded; any full successful check cures.
C6      A check requested in time counts as of its request.
R1, R2  One-Click Reconnect keeps every setting and counts only once verified.
T1, T2  A disconnect puts the settings back to defaults and opens an incident of its own.
M3, M8  What is sent counts for the account's day, and a throttled account is held.
N1, N3  One notice per incident and moment; once it is over, only one that says so.
"""

from collections.abc import Sequence
from typing import assert_never

from aggregates import rejections
from aggregates.email_account import commands, pace
from aggregates.email_account.checks import counts_as_of, cure, record_check, request_check
from aggregates.email_account.notices import attempted, issue_notice, reminders
from aggregates.email_account.state import EmailAccount
from events import email_account as facts
from events.vocabulary import FailureClass, Settings

REFUSALS: dict[str, type[rejections.Rejected]] = {
    cls.code: cls
    for cls in (
        rejections.StillFailing,
        rejections.InsufficientScope,
        rejections.IdentityMismatch,
        rejections.ConfigurationChanged,
    )
}


def decide(  # noqa: PLR0912 one case per command
    account: EmailAccount, command: commands.EmailAccountCommand
) -> Sequence[facts.EmailAccountEvent]:
    match command:
        case commands.ConnectAccount():
            return connect(account, command)
        case commands.RecordNoticeAttempt():
            return attempted(account, command)
        case commands.IssueNotice():
            return issue_notice(account, command)
        case commands.UncountSend() | commands.EndThrottling():
            return pace.ended(account, command)
        case _:
            _require_connected(account, command)
    match command:
        case commands.OneClickReconnect():
            return one_click_reconnect(account, command)
        case commands.RequestCheck():
            return [request_check(account, command)]
        case commands.RecordCheck():
            return record_check(account, command)
        case commands.UpdateSettings(settings=settings, at=at):
            return [facts.SettingsUpdated(account_id=account.id, settings=settings, occurred_at=at)]
        case commands.DisconnectAccount():
            return [disconnect(account, command)]
        case commands.CountSend():
            return pace.count(account, command)
        case commands.ProveSentSearch():
            return pace.prove_search(account, command)
        case _:
            assert_never(command)


def connect(
    account: EmailAccount, command: commands.ConnectAccount
) -> Sequence[facts.EmailAccountEvent]:
    """C1, T1: only a full successful check connects; settings are those given, or defaults."""
    if account.connected:
        raise rejections.AlreadyConnected(account=account.id, slot=account.slot_id)
    refusal = _refusal(command)
    if refusal is not None:
        rejected = facts.ConnectRejected(
            account_id=account.id,
            slot_id=command.slot_id,
            reason=refusal.code,
            occurred_at=command.at,
        )
        raise refusal(account=account.id, facts=[rejected] if account.status else [])

    return [
        facts.AccountConnected(
            account_id=account.id,
            slot_id=command.slot_id,
            provider=command.provider,
            settings=command.settings,
            configuration=command.configuration,
            credentials=command.credentials,
            occurred_at=command.at,
        )
    ]


def one_click_reconnect(
    account: EmailAccount, command: commands.OneClickReconnect
) -> Sequence[facts.EmailAccountEvent]:
    """R1, R2, R3: touches no setting and no campaign; counts only once verified."""
    refusal = _refusal(command)
    if refusal is None and command.configuration != account.configuration:
        refusal = rejections.ConfigurationChanged
    if refusal is not None:
        rejected = facts.OneClickRejected(
            account_id=account.id,
            reason=refusal.code,
            check_id=command.check_id,
            occurred_at=command.at,
        )
        raise refusal(account=account.id, facts=[rejected])

    at = counts_as_of(account, command.check_id, command.at)
    return [
        facts.OneClickReconnected(
            account_id=account.id,
            report=command.report,
            credentials=command.credentials,
            check_id=command.check_id,
            occurred_at=at,
        ),
        *cure(account, at),
    ]


def disconnect(
    account: EmailAccount, command: commands.DisconnectAccount
) -> facts.AccountDisconnected:
    """T1, T2: settings go back to defaults, and an incident of its own begins (S2, N1)."""
    assert account.slot_id is not None
    policy = command.policy
    deadline = command.at + policy.grace_period
    return facts.AccountDisconnected(
        account_id=account.id,
        slot_id=account.slot_id,
        incident_id=account.next_incident_id,
        supersedes=account.failure,
        settings_before=account.settings,
        settings_after=Settings(),
        grace_period=policy.grace_period,
        deadline_at=deadline,
        remind_at=reminders(command.at, deadline, policy.disconnect_reminders),
        on_account_trouble=policy.on_account_trouble,
        occurred_at=command.at,
    )


def _require_connected(account: EmailAccount, command: commands.EmailAccountCommand) -> None:
    """What is known to be sent counts even so (M6)."""
    if account.status is None:
        raise rejections.UnknownAccount(account=account.id)
    known = isinstance(command, commands.CountSend) and command.sent
    if not account.connected and not known:
        raise rejections.NotConnected(account=account.id)


def _refusal(command: commands.Verified) -> type[rejections.Rejected] | None:
    if command.refusal is not None:
        return REFUSALS[command.refusal]
    match command.report.found:
        case None:
            return None
        case FailureClass.AUTH_INSUFFICIENT_SCOPE:
            return rejections.InsufficientScope
        case FailureClass.IDENTITY_MISMATCH:
            return rejections.IdentityMismatch
        case _:
            return rejections.StillFailing
