"""What falls due when, as data (S7): the timers that events set or clear, and their commands.

A timer only wakes the engine. It may fire as late as it likes: its command counts as of its due
time, and the aggregate decides whether it still applies.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, assert_never

from aggregates.campaign.commands import EndHold, ExpireClock
from aggregates.command import Command
from aggregates.email_account.commands import IssueNotice
from events.campaign import (
    AutoReplyReceived,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    HoldEnded,
)
from events.email_account import AccountDisconnected, ConnectionFailed, NoticeIssued
from events.vocabulary import AccountId, IncidentId, IncidentKind, NoticeKind
from processors.workspace import Workspace

CLOCK, HOLD, REMINDER = "clock", "hold", "reminder"

Key = tuple[str, ...]
"""The kind of timer (a clock, a hold, a reminder), then what it is about. Unique in a workspace."""


class Timer(NamedTuple):
    due_at: datetime
    key: Key
    set_by: str = ""
    """The id of the event that set it, which is the cause of its command (F2)."""
    correlation_id: str = ""
    """The command with which that event's correlation began."""

    @property
    def reminds(self) -> bool:
        """Whether it is a reminder: those wait for a worker and count as of now; others do not
        (N1).
        """
        return self.key[0] == REMINDER


_KINDS = {
    ConnectionFailed: NoticeKind.FAILURE,
    AccountDisconnected: NoticeKind.DISCONNECT,
}
ClockEnded = GracePeriodCured | GracePeriodSuperseded | GracePeriodExpired
Trouble = ConnectionFailed | AccountDisconnected
Timing = GracePeriodStarted | ClockEnded | AutoReplyReceived | HoldEnded | Trouble | NoticeIssued


def timers(event: Timing) -> Iterator[tuple[Key, datetime | None]]:
    """The timers that the event sets, or clears (None)."""
    match event:
        case GracePeriodStarted():
            yield _clock(event), event.deadline_at
        case GracePeriodCured() | GracePeriodSuperseded() | GracePeriodExpired():
            yield _clock(event), None
        case AutoReplyReceived(campaign_id=campaign, recipient_id=recipient):
            yield (HOLD, campaign, recipient), event.held_until
        case HoldEnded(campaign_id=campaign, recipient_id=recipient):
            yield (HOLD, campaign, recipient), None
        case ConnectionFailed() | AccountDisconnected():
            for due_at in event.remind_at:
                yield _reminder(event.account_id, event.incident_id, _KINDS[type(event)], due_at)
        case NoticeIssued(account_id=account, incident_id=incident, due_at=due_at, kind=kind):
            yield _reminder(account, incident, kind, due_at)[0], None
        case _:
            assert_never(event)


def fall_due(workspace: Workspace, timer: Timer, now: datetime) -> Command | datetime:
    """A due timer's command, as of its due time; or the moment until which it has to wait (C6)."""
    match timer.key:
        case (kind, campaign, account, incident) if kind == CLOCK:
            lane = workspace.campaign(campaign).lane(account)
            if lane.runs(IncidentKind.FAILURE) and lane.clock is not None:
                patience = workspace.account(account).patience_for(lane.clock.deadline_at)
                if patience is not None and timer.due_at < patience:
                    return patience
            return ExpireClock(
                campaign_id=campaign, account_id=account, incident_id=incident, at=timer.due_at
            )
        case (kind, campaign, recipient) if kind == HOLD:
            return EndHold(campaign_id=campaign, recipient_id=recipient, at=timer.due_at)
        case (kind, account, incident, notice, _) if kind == REMINDER:
            return IssueNotice(
                account_id=account,
                incident_id=incident,
                kind=NoticeKind(notice),
                due_at=timer.due_at,
                at=now,
            )
        case _:
            raise ValueError(f"no such timer: {timer.key}")


def _reminder(
    account_id: AccountId, incident_id: IncidentId, kind: NoticeKind, due_at: datetime
) -> tuple[Key, datetime]:
    return (REMINDER, account_id, incident_id, kind, due_at.isoformat()), due_at


def _clock(event: GracePeriodStarted | ClockEnded) -> Key:
    return (CLOCK, event.campaign_id, event.account_id, event.incident_id)


def latest_of_each_incident(reminders: Iterable[Timer]) -> list[Timer]:
    """N1: of the reminders missed in a downtime, only the latest is sent."""
    latest: dict[Key, Timer] = {}
    for timer in sorted(reminders):
        latest[timer.key[:4]] = timer
    return sorted(latest.values())
