"""N1, N3: what the owner is told about an incident: once per moment, for all its campaigns."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from aggregates.command import UNSTAMPED, ClockReading
from aggregates.email_account.commands import IssueNotice, RecordNoticeAttempt
from aggregates.email_account.state import EmailAccount, Incident
from aggregates.rejections import UnknownNotice
from events.email_account import NoticeAttempted, NoticeIssued
from events.vocabulary import ClockOutcome, IncidentKind, NoticeKind, Stake


def reminders(
    opened_at: datetime, deadline: datetime, after: Iterable[timedelta]
) -> tuple[datetime, ...]:
    """N1: when the owner is reminded; none is due at or after the deadline."""
    due = (opened_at + each for each in after)
    return tuple(each for each in due if each < deadline)


def issue_notice(account: EmailAccount, command: IssueNotice) -> Sequence[NoticeIssued]:
    """N1, N3: nothing if the owner knows already, or if there is nothing to tell yet."""
    incident = account.incidents.get(command.incident_id)
    if incident is None or not _due(incident, command):
        return []

    stakes = _stakes(command)
    return [
        NoticeIssued(
            account_id=account.id,
            incident_id=command.incident_id,
            incident_kind=incident.kind,
            kind=command.kind,
            number=incident.notices + 1,
            at_stake=sum(stake.recipients for stake in stakes),
            campaigns=stakes,
            deadline_at=incident.deadline_at,
            due_at=_moment(command),
            occurred_at=command.at,
        )
    ]


def attempted(account: EmailAccount, command: RecordNoticeAttempt) -> Sequence[NoticeAttempted]:
    """N2: each attempt is recorded with its outcome, if there is such a notice."""
    if not _issued(account, command):
        raise UnknownNotice(number=command.number, incident=command.incident_id)

    return [
        NoticeAttempted(
            account_id=account.id,
            incident_id=command.incident_id,
            number=command.number,
            channel=command.channel,
            delivered=command.delivered,
            detail=command.detail,
            taken_by=command.taken_by,
            occurred_at=command.at,
        )
    ]


def _issued(account: EmailAccount, command: RecordNoticeAttempt) -> bool:
    incident = account.incidents.get(command.incident_id)
    if incident is None:
        return command.number >= 1 and account.opened_once(command.incident_id)
    return 1 <= command.number <= incident.notices


def _moment(command: IssueNotice) -> datetime:
    """When the notice was due; only reminders wait for a worker."""
    return command.at if command.due_at == UNSTAMPED else command.due_at


def _due(incident: Incident, command: IssueNotice) -> bool:
    outcomes = {clock.outcome for clock in command.clocks}
    running = ClockOutcome.RUNNING in outcomes
    match command.kind:
        case NoticeKind.ENDED:
            return ClockOutcome.EXPIRED in outcomes and not running
        case NoticeKind.CURED:
            had_to_end = bool(outcomes) or incident.kind is IncidentKind.FAILURE
            over = not running and ClockOutcome.EXPIRED not in outcomes
            return had_to_end and over and not incident.end_told
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            first = incident.notices == 0
            in_vain = incident.kind is IncidentKind.DISCONNECT and not running
            told = incident.told_of is not None and _moment(command) <= incident.told_of
            return incident.open and not told and (first or not in_vain)


def _stakes(command: IssueNotice) -> tuple[Stake, ...]:
    counts = ((clock.campaign_id, _counted(clock, command)) for clock in command.clocks)
    return tuple(Stake(campaign_id=name, recipients=n) for name, n in counts if n is not None)


def _counted(clock: ClockReading, command: IssueNotice) -> int | None:
    """The recipients that count for the notice; None if it is not about this clock."""
    match command.kind:
        case NoticeKind.ENDED:
            ran_out_now = clock.outcome is ClockOutcome.EXPIRED and clock.ended_at == command.at
            return clock.stopped if ran_out_now else None
        case NoticeKind.CURED:
            return 0
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            return clock.at_stake if clock.outcome is ClockOutcome.RUNNING else None
