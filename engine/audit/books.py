"""What the auditor remembers about one workspace: a constant amount for each entity.

Accounts, incidents, campaigns, lanes, clocks and people; events are not kept once they are entered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from events.recorded import Envelope
from events.sequence import MailSequence
from events.vocabulary import (
    CampaignStatus,
    ConnectionStatus,
    IncidentKind,
    NoticeKind,
    OnAccountTrouble,
    RecipientStatus,
    SearchResult,
    Settings,
)

NEVER = datetime.max.replace(tzinfo=UTC)
Report = Callable[[str, int, str, Envelope, str], None]


class Lost(NamedTuple):
    """A message of unknown outcome."""

    send_id: str
    account_id: str
    reserved_at: datetime
    step: str | None
    tries: int
    """M8: temporary refusals before it, and when it was reserved for the first of them."""
    first_tried_at: datetime | None
    answer: SearchResult | None = None


@dataclass(slots=True, eq=False)
class Progress:
    """A person's progress in a sequence."""

    step: str | None = None
    """The step on its way, and the day for which it counts."""
    day: date | None = None
    done: list[str] = field(default_factory=list)
    last_at: datetime | None = None
    again: bool = False
    """Whether the last message was not sent after all."""
    tries: int = 0
    first_tried_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Person:
    """A recipient of one campaign."""

    status: RecipientStatus = RecipientStatus.PENDING
    ended: bool = False
    sender: str | None = None
    """In a rotation campaign: soft until the first email, then fixed."""
    emails: int = 0
    send_id: str | None = None
    """The message on its way, and the account through which it goes."""
    via: str | None = None
    reserved_at: datetime | None = None
    held_until: datetime | None = None
    unknown: tuple[Lost, ...] = ()
    progress: Progress | None = None
    doomed: str | None = None
    """S8: the incident whose clock ran out while the first email was on its way."""


@dataclass(slots=True, eq=False)
class Clock:
    incident_id: str
    kind: IncidentKind
    began_at: datetime
    deadline_at: datetime
    due_at: datetime
    """The deadline, or the end of the wait for a check that was requested in time (C6)."""
    running: bool = True


@dataclass(slots=True, eq=False)
class Lane:
    """One account within a rotation campaign."""

    listed: bool = False
    clock: Clock | None = None
    at_stake: int = 0
    soft: int = 0
    first_sends: set[str] = field(default_factory=set)
    skipped: dict[RecipientStatus, int] = field(default_factory=dict)

    @property
    def running(self) -> Clock | None:
        return self.clock if self.clock is not None and self.clock.running else None


@dataclass(slots=True, eq=False)
class Campaign:
    id: str
    rotates: bool = True
    slot_id: str | None = None
    sender: str | None = None
    status: CampaignStatus | None = None
    causes: set[str] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    alive: int = 0
    mail_id: str | None = None
    sequence: MailSequence | None = None
    day: date | None = None
    day_used: int = 0
    sends: int = 0
    bounces: int = 0
    reopened_at: datetime | None = None

    def lane(self, account_id: str) -> Lane:
        lane = self.lanes.get(account_id)
        if lane is None:
            lane = self.lanes[account_id] = Lane()
        return lane


@dataclass(slots=True, eq=False)
class Incident:
    kind: IncidentKind
    opened_at: datetime
    deadline_at: datetime
    remind_at: tuple[datetime, ...]
    policy: OnAccountTrouble
    notices: int = 0
    told: set[tuple[NoticeKind, datetime]] = field(default_factory=set)
    told_of: datetime | None = None
    over: bool = False
    """Whether it is cured or superseded."""
    restored: bool = False
    clocks: int = 0
    running: int = 0
    expired: int = 0


@dataclass(slots=True, eq=False)
class Account:
    id: str
    status: ConnectionStatus | None = None
    slot_id: str | None = None
    settings: Settings = Settings()
    misses: int = 0
    first_missed_at: datetime | None = None
    failure: str | None = None
    opened: int = 0
    incidents: dict[str, Incident] = field(default_factory=dict)
    checks: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """C6: unanswered checks requested by a user: when, and until when a clock waits for each."""
    healthy_at: datetime | None = None
    """The time as of which the last full successful check counts."""
    connected_at: datetime | None = None
    search_proved: bool = False
    sent: list[datetime] = field(default_factory=list)
    """Times of reservations in the last days that were not refused, in order."""
    sent_at: datetime | None = None
    throttled_until: datetime | None = None
    held_for: timedelta = timedelta()

    def reconnected(self, at: datetime) -> None:
        self.connected_at, self.search_proved = at, False

    @property
    def connected(self) -> bool:
        return self.status in (ConnectionStatus.SUCCESSFUL, ConnectionStatus.FAILED)


@dataclass(slots=True, eq=False)
class Owed:
    """What the present command must still record, and what it may record."""

    stops: int = 0
    releases: int = 0
    stop_account: str = ""
    stop_incident: str = ""
    received_late: str | None = None
    """S8: the recipient who must be stopped now."""
    failure_of: str | None = None
    restoring: str | None = None
    cure: str | None = None
    """T4: the account that was re-added while its hour runs."""
    failed: str | None = None
    """M8: the recipient who must become failed, after too many tries."""


class Books:
    """One workspace, as its log shows it so far."""

    def __init__(self, name: str, report: Report) -> None:
        self.name = name
        self.accounts: dict[str, Account] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.slots: dict[str, str | None] = {}
        self.of_account: dict[str, dict[str, None]] = {}
        """Campaigns that have ever listed the account."""
        self.of_slot: dict[str, dict[str, None]] = {}
        self.clocks: dict[tuple[str, str], Clock] = {}
        """Running clocks, by campaign and account."""
        self.next_due = NEVER
        self.owed = Owed()
        self.unsettled: dict[str, bool] = {}
        """Accounts about which something must follow; True if an incident of theirs began."""
        self.hours: list[tuple[str, str]] = []
        """T2: campaigns, and the account they depended on when it was disconnected."""
        self.end_notice_due: dict[str, str] = {}
        """Incidents that ended or lost a clock in the present command, and their accounts."""
        self.uncounted: dict[str, str] = {}
        """M3: planned messages that were just reserved, and the accounts that must count them."""
        self.to_throttle: set[str] = set()
        """M8: accounts that must be held, as a message was just refused because of their limit."""
        self.suppressed: set[str] = set()
        self.domains: set[str] = set()
        self.to_end: set[str] = set()
        """M7: people suppressed by the present command."""
        self.tells_every_cure = False
        """N3: whether a notice told of the cure of a failure without clocks; older versions never
        sent one."""
        self.root = ""
        """The name of the command with which the present events began."""
        self.position = 0
        """The position of the present fact, and its name."""
        self.topic = ""
        self.recorded_at = datetime.min.replace(tzinfo=UTC)
        self.envelope: Envelope
        self._report = report

    @property
    def lost_send(self) -> bool:
        """M6: whether the message was sent in a lost part of the log."""
        return self.root == "RecordLostSend"

    def report(self, rule: str, sentence: str) -> None:
        self._report(rule, self.position, self.topic, self.envelope, sentence)

    def account(self, account_id: str) -> Account:
        account = self.accounts.get(account_id)
        if account is None:
            account = self.accounts[account_id] = Account(account_id)
        return account

    def campaign(self, campaign_id: str) -> Campaign:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            self.report("words", f"Nothing before this created campaign {campaign_id}.")
            campaign = self.campaigns[campaign_id] = Campaign(campaign_id)
        return campaign

    def person(self, campaign: Campaign, recipient_id: str) -> Person:
        person = campaign.people.get(recipient_id)
        if person is None:
            self.report("words", f"Nobody added {recipient_id} to {campaign.id} before this.")
            person = campaign.people[recipient_id] = Person()
            campaign.alive += 1
        return person

    def touch(self, account_id: str) -> None:
        """Note that something must follow from what happened to this account."""
        self.unsettled.setdefault(account_id, False)

    def works(self, account_id: str | None) -> bool:
        account = self.accounts.get(account_id or "")
        return account is not None and account.status is ConnectionStatus.SUCCESSFUL

    def senders(self, campaign: Campaign) -> list[str]:
        if campaign.rotates:
            return [name for name, lane in campaign.lanes.items() if lane.listed]
        occupant = self.slots.get(campaign.slot_id or "")
        return [occupant] if occupant else []

    def reckon(self) -> None:
        """Determine anew when the next clock is due: the running clocks have changed."""
        self.next_due = min((clock.due_at for clock in self.clocks.values()), default=NEVER)
