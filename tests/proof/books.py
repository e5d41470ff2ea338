"""What a log says, kept apart from the program: the measure the invariants hold it to.

Kept naively and by the law's words alone, so that a mistake of the program is not made twice.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events.base import Event
from events.campaign import (
    AutoReplyReceived,
    CampaignCreated,
    CampaignFinished,
    CampaignPaused,
    CampaignReopened,
    CampaignResumed,
    CampaignStarted,
    EmailAccepted,
    EmailOutcomeUnknown,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    HoldEnded,
    RecipientAdded,
    RecipientBounced,
    RecipientEnded,
    RecipientFailed,
    RecipientFinished,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
    SenderAdded,
    SenderRemoved,
)
from events.email_account import (
    AccountConnected,
    AccountDisconnected,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    NoticeIssued,
)
from events.recorded import Recorded
from events.slot import SlotOccupied, SlotVacated
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    ConnectionStatus,
    IncidentKind,
    Mode,
    NoticeKind,
    RecipientStatus,
)

Person = tuple[str, str]
"""A campaign's recipient."""
ClockKey = tuple[str, str, str]
"""Campaign, account, incident."""

ENDED_AS = {
    RecipientReplied: RecipientStatus.REPLIED,
    RecipientBounced: RecipientStatus.BOUNCED,
    RecipientUnsubscribed: RecipientStatus.UNSUBSCRIBED,
    RecipientFinished: RecipientStatus.FINISHED,
    RecipientFailed: RecipientStatus.FAILED,
    RecipientStopped: RecipientStatus.CAMPAIGN_STOPPED,
}
BECAME = {
    CampaignCreated: CampaignStatus.DRAFT,
    CampaignStarted: CampaignStatus.RUNNING,
    CampaignResumed: CampaignStatus.RUNNING,
    CampaignReopened: CampaignStatus.RUNNING,
    CampaignPaused: CampaignStatus.PAUSED,
    CampaignFinished: CampaignStatus.FINISHED,
}
OUTCOMES = {
    GracePeriodCured: ClockOutcome.CURED,
    GracePeriodSuperseded: ClockOutcome.SUPERSEDED,
    GracePeriodExpired: ClockOutcome.EXPIRED,
}


class KnownClock(NamedTuple):
    kind: IncidentKind
    deadline_at: datetime
    outcome: ClockOutcome = ClockOutcome.RUNNING


class AskedCheck(NamedTuple):
    """C6: a check that a user asked for, and until when a clock waits for it."""

    requested_at: datetime
    patience_ends_at: datetime


@dataclass
class Books:
    """One workspace, as its log tells it so far."""

    accounts: dict[str, ConnectionStatus] = field(default_factory=dict)
    occupants: dict[str, str | None] = field(default_factory=dict)
    checks: dict[str, list[AskedCheck]] = field(default_factory=lambda: defaultdict(list))
    campaigns: dict[str, CampaignStatus] = field(default_factory=dict)
    slots: dict[str, str | None] = field(default_factory=dict)
    """Of single-sender campaigns; absent for rotation."""
    from_email: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    recipients: dict[Person, RecipientStatus] = field(default_factory=dict)
    held_until: dict[Person, datetime | None] = field(default_factory=dict)
    heard_from: dict[Person, set[str]] = field(default_factory=lambda: defaultdict(set))
    clocks: dict[ClockKey, KnownClock] = field(default_factory=dict)
    notices: dict[str, list[NoticeIssued]] = field(default_factory=lambda: defaultdict(list))
    versions: Counter[str] = field(default_factory=Counter)
    event_ids: set[str] = field(default_factory=set)
    doomed: set[Person] = field(default_factory=set)
    """Who has to be stopped by the command that let a clock run out."""
    command_id: str = ""
    recorded_at: datetime | None = None

    def at_stake(self, campaign: str, account: str) -> set[str]:
        """Who heard from the account in this rotation campaign and is not terminal (S3)."""
        return {
            recipient
            for (where, recipient), status in self.recipients.items()
            if where == campaign
            and not status.terminal
            and account in self.heard_from[where, recipient]
        }

    def skipped(self, campaign: str, account: str) -> dict[RecipientStatus, int]:
        """S5: who heard from the account and was terminal already, stops left out."""
        return dict(
            Counter(
                status
                for (where, recipient), status in self.recipients.items()
                if where == campaign
                and status.terminal
                and status is not RecipientStatus.CAMPAIGN_STOPPED
                and account in self.heard_from[where, recipient]
            )
        )

    def overdue(self, now: datetime) -> list[ClockKey]:
        """Clocks that run though their deadline has passed and no check is waited for (C6)."""
        return [
            key
            for key, clock in self.clocks.items()
            if clock.outcome is ClockOutcome.RUNNING and self._waits_until(key[1], clock) < now
        ]

    def _waits_until(self, account: str, clock: KnownClock) -> datetime:
        if clock.kind is IncidentKind.DISCONNECT:
            return clock.deadline_at
        asked = [each for each in self.checks[account] if each.requested_at <= clock.deadline_at]
        return max([clock.deadline_at, *(each.patience_ends_at for each in asked)])

    def senders(self, campaign: str) -> set[str]:
        if campaign not in self.slots:
            return self.from_email[campaign]
        occupant = self.occupants.get(self.slots[campaign] or "")
        return {occupant} if occupant else set()

    def enter(self, recorded: Recorded) -> None:
        event = recorded.event
        self.versions[recorded.stream_id] = recorded.version
        self.event_ids.add(recorded.event_id)
        self.command_id = recorded.envelope.command_id
        self.recorded_at = recorded.envelope.recorded_at
        if type(event) in BECAME:
            self.campaigns[event.campaign_id] = BECAME[type(event)]  # type: ignore[attr-defined]
        self._enter_account(event)
        self._enter_campaign(event)

    def _enter_account(self, event: Event) -> None:
        match event:
            case AccountConnected() | ConnectionRestored():
                self.accounts[event.account_id] = ConnectionStatus.SUCCESSFUL
            case ConnectionFailed(account_id=account):
                self.accounts[account] = ConnectionStatus.FAILED
            case AccountDisconnected(account_id=account):
                self.accounts[account] = ConnectionStatus.DISCONNECTED
            case CheckRequested(account_id=account):
                self.checks[account].append(AskedCheck(event.occurred_at, event.patience_ends_at))
            case NoticeIssued():
                self.notices[event.incident_id].append(event)
            case SlotOccupied(slot_id=slot, account_id=account):
                self.occupants[slot] = account
            case SlotVacated(slot_id=slot):
                self.occupants[slot] = None

    def _enter_campaign(self, event: Event) -> None:
        match event:
            case CampaignCreated(mode=Mode.SINGLE):
                self.slots[event.campaign_id] = event.slot_id
            case SenderAdded():
                self.from_email[event.campaign_id].add(event.account_id)
            case SenderRemoved():
                self.from_email[event.campaign_id].discard(event.account_id)
            case RecipientAdded():
                self.recipients[event.campaign_id, event.recipient_id] = RecipientStatus.PENDING
            case AutoReplyReceived(held_until=until):
                self.held_until[event.campaign_id, event.recipient_id] = until
            case HoldEnded():
                self.held_until[event.campaign_id, event.recipient_id] = None
            case EmailAccepted() | EmailOutcomeUnknown():
                self._receive((event.campaign_id, event.recipient_id), event.account_id)
            case RecipientEnded() | RecipientStopped():
                person = event.campaign_id, event.recipient_id
                self.recipients[person] = ENDED_AS[type(event)]
                self.doomed.discard(person)
            case GracePeriodStarted():
                self.clocks[clock_key(event)] = KnownClock(event.kind, event.deadline_at)
            case GracePeriodCured() | GracePeriodSuperseded() | GracePeriodExpired():
                self._end_clock(event)

    def _receive(self, person: Person, account: str) -> None:
        self.heard_from[person].add(account)
        if self.recipients[person] is RecipientStatus.PENDING:
            self.recipients[person] = RecipientStatus.ACTIVE

    def _end_clock(
        self, event: GracePeriodCured | GracePeriodSuperseded | GracePeriodExpired
    ) -> None:
        key = clock_key(event)
        self.clocks[key] = self.clocks[key]._replace(outcome=OUTCOMES[type(event)])
        if isinstance(event, GracePeriodExpired):
            campaign, account = event.campaign_id, event.account_id
            self.from_email[campaign].discard(account)
            self.doomed |= {(campaign, each) for each in self.at_stake(campaign, account)}


def clock_key(
    event: GracePeriodStarted | GracePeriodCured | GracePeriodSuperseded | GracePeriodExpired,
) -> ClockKey:
    return event.campaign_id, event.account_id, event.incident_id


def is_reminder(notice: NoticeIssued) -> bool:
    """N1: one of the notices a worker issues later on, if one happens to run."""
    return notice.kind in (NoticeKind.FAILURE, NoticeKind.DISCONNECT) and notice.number > 1
