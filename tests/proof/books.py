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
    EmailRefused,
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
    SendReserved,
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
    at_stake: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """By campaign and account: who heard from it and is not terminal (S3)."""
    clocks: dict[ClockKey, KnownClock] = field(default_factory=dict)
    notices: dict[str, list[NoticeIssued]] = field(default_factory=lambda: defaultdict(list))
    versions: Counter[str] = field(default_factory=Counter)
    event_ids: set[str] = field(default_factory=set)
    doomed: set[Person] = field(default_factory=set)
    """Who has to be stopped by the command that let a clock run out, or brought the outcome."""
    first_sends: dict[Person, str] = field(default_factory=dict)
    """First emails of a rotation campaign on their way, by account."""
    too_late: set[Person] = field(default_factory=set)
    """S8: their first email was on its way when their account's clock ran out."""
    command_id: str = ""
    recorded_at: datetime | None = None

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

    def running(self, kind: IncidentKind | None = None) -> list[ClockKey]:
        return [
            key
            for key, clock in self.clocks.items()
            if clock.outcome is ClockOutcome.RUNNING and kind in (None, clock.kind)
        ]

    def overdue(self, now: datetime) -> list[ClockKey]:
        """Clocks that run though their deadline has passed and no check is waited for (C6)."""
        return [key for key in self.running() if self._waits_until(key[1], self.clocks[key]) < now]

    def waits(self, key: ClockKey) -> bool:
        """Its deadline has passed, and only a check that was asked for in time still cures (C6)."""
        return self.recorded_at is not None and self.clocks[key].deadline_at < self.recorded_at

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
        self._enter_send(event)

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
            case RecipientEnded() | RecipientStopped():
                person = event.campaign_id, event.recipient_id
                self.recipients[person] = ENDED_AS[type(event)]
                self.doomed.discard(person)
                for account in self.heard_from[person]:
                    self.at_stake[event.campaign_id, account].discard(event.recipient_id)
            case GracePeriodStarted():
                self.clocks[clock_key(event)] = KnownClock(event.kind, event.deadline_at)
            case GracePeriodCured() | GracePeriodSuperseded() | GracePeriodExpired():
                self._end_clock(event)

    def _enter_send(self, event: Event) -> None:
        match event:
            case SendReserved():
                self._reserve((event.campaign_id, event.recipient_id), event.account_id)
            case EmailRefused():
                self._land((event.campaign_id, event.recipient_id))
            case EmailAccepted() | EmailOutcomeUnknown():
                self._receive((event.campaign_id, event.recipient_id), event.account_id)

    def _reserve(self, person: Person, account: str) -> None:
        if person[0] not in self.slots and not self.heard_from[person]:
            self.first_sends[person] = account

    def _land(self, person: Person) -> None:
        self.first_sends.pop(person, None)
        self.too_late.discard(person)

    def _receive(self, person: Person, account: str) -> None:
        if person in self.too_late and not self.recipients[person].terminal:
            self.doomed.add(person)
        self._land(person)
        self.heard_from[person].add(account)
        if not self.recipients[person].terminal:
            self.at_stake[person[0], account].add(person[1])
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
            self.doomed |= {(campaign, each) for each in self.at_stake[campaign, account]}
            on_their_way = [each for each, sender in self.first_sends.items() if sender == account]
            self.too_late |= {each for each in on_their_way if each[0] == campaign}


def clock_key(
    event: GracePeriodStarted | GracePeriodCured | GracePeriodSuperseded | GracePeriodExpired,
) -> ClockKey:
    return event.campaign_id, event.account_id, event.incident_id


def is_reminder(notice: NoticeIssued) -> bool:
    """N1: one of the notices a worker issues later on, if one happens to run."""
    return notice.kind in (NoticeKind.FAILURE, NoticeKind.DISCONNECT) and notice.number > 1
