"""What decisions about a campaign need to remember.

A campaign may have 100,000 recipients, so its maps are persistent (``immutables.Map``) and each
lane keeps its own sets: nothing ever scans all recipients.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from immutables import Map

from events.sequence import MailSequence, Step
from events.vocabulary import (
    AccountId,
    CampaignId,
    CampaignStatus,
    ClockOutcome,
    IncidentId,
    IncidentKind,
    Mode,
    RecipientId,
    RecipientStatus,
    SearchResult,
    SlotId,
)

Members = Map[RecipientId, None]
"""A persistent set of recipients."""


class Clock(NamedTuple):
    """The last clock of a lane."""

    incident_id: IncidentId
    kind: IncidentKind
    began_at: datetime
    """When it started in this campaign; the incident itself may be older (S1)."""
    deadline_at: datetime
    outcome: ClockOutcome = ClockOutcome.RUNNING
    ended_at: datetime | None = None
    stopped: int = 0


class Sending(NamedTuple):
    """A message on its way, or one whose outcome is unknown."""

    account_id: AccountId
    send_id: str
    ran_out: Clock | None = None
    """S8: the account's clock that ran out meanwhile; if received, the recipient stops by it."""
    step: str | None = None
    """The step of the sequence; None for a message that was not planned."""
    reserved_at: datetime | None = None
    day: date | None = None
    """The day on which a planned message counts."""
    answer: SearchResult | None = None
    """What the Sent folder says about a message of unknown outcome."""
    tries: int = 0
    """M8: of a message of unknown outcome: its temporary refusals before, and when it was reserved
    for the first of them. They count again if it was not sent."""
    first_tried_at: datetime | None = None


class Progress(NamedTuple):
    """How far a recipient is in the sequence (M3)."""

    done: tuple[str, ...] = ()
    """The steps received."""
    last_at: datetime | None = None
    """When the last of them was accepted, or its outcome became unknown."""
    again: bool = False
    """M2: the message was not sent after all, though it counts as received."""
    tries: int = 0
    """M8: refusals of the next message for a temporary fault."""
    first_tried_at: datetime | None = None
    retry_at: datetime | None = None


UNBEGUN = Progress()


class Recipient(NamedTuple):
    status: RecipientStatus = RecipientStatus.PENDING
    sender: AccountId | None = None
    """Rotation: soft until the first email, then fixed. Single-sender: always None."""
    emails: int = 0
    """Emails received: accepted, or of unknown outcome."""
    sending: Sending | None = None
    held_until: datetime | None = None
    unknown: tuple[Sending, ...] = ()
    """Messages of unknown outcome, until a search has proved that they were not sent (M2)."""
    progress: Progress = UNBEGUN


class Lane(NamedTuple):
    """One account within a rotation campaign; its clock depends on no other account's (S9)."""

    listed: bool = False
    """Whether the account is in FROM EMAIL."""
    clock: Clock | None = None
    soft: Members = Map()
    contacted: Members = Map()
    """The recipients at stake: fixed to the account and not terminal."""
    first_sends: Members = Map()
    """Recipients whose first email is on its way through the account."""
    ended: Map[RecipientStatus, int] = Map()
    """S5: terminal recipients who had received from the account, by status, without the stopped."""

    @property
    def running(self) -> Clock | None:
        clock = self.clock
        return clock if clock is not None and clock.outcome is ClockOutcome.RUNNING else None

    def runs(self, kind: IncidentKind) -> bool:
        return self.running is not None and self.running.kind is kind

    @property
    def connected(self) -> bool:
        """Whether the account is connected, as far as the campaign knows. FROM EMAIL takes only
        successful accounts and loses disconnected ones, and a failure starts a clock in every
        campaign that lists the account (S1), so the account itself is not needed."""
        return self.listed and not self.runs(IncidentKind.FAILURE)

    @property
    def depended_on(self) -> bool:
        return self.listed or bool(self.contacted)


NO_LANE = Lane()


@dataclass(frozen=True, slots=True)
class Campaign:
    id: CampaignId
    mode: Mode = Mode.ROTATION
    status: CampaignStatus | None = None
    """None: never created."""
    slot_id: SlotId | None = None
    sender: AccountId | None = None
    """In a single-sender campaign: the account last seen in the slot."""
    causes: frozenset[str] = frozenset()
    recipients: Map[RecipientId, Recipient] = Map()
    lanes: Map[AccountId, Lane] = Map()
    open: int = 0
    """The number of recipients who are not terminal."""
    mail_id: str | None = None
    sequence: MailSequence | None = None
    day: date | None = None
    """The last day on which a planned message was reserved, in the campaign's zone."""
    day_used: int = 0
    """Messages on that day that were not refused (M3)."""
    sends: int = 0
    """Planned messages received since the start or the last resume, and those that bounced (M8)."""
    bounces: int = 0

    def lane(self, account_id: AccountId) -> Lane:
        return self.lanes.get(account_id, NO_LANE)

    def contacts(self, recipient_id: RecipientId) -> bool:
        """M7: it is under way, and the recipient has heard from it or is about to."""
        if self.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            return False
        recipient = self.recipients.get(recipient_id)
        if recipient is None or recipient.status.terminal:
            return False
        return recipient.emails > 0 or recipient.sending is not None

    @property
    def from_email(self) -> tuple[AccountId, ...]:
        return tuple(account for account, lane in self.lanes.items() if lane.listed)

    @property
    def rotates(self) -> bool:
        return self.mode is Mode.ROTATION


def initial(campaign_id: CampaignId) -> Campaign:
    return Campaign(campaign_id)


def next_step(sequence: MailSequence, progress: Progress) -> Step | None:
    """The first step that was not received and comes after all that were."""
    if not progress.done:
        return sequence.steps[0] if sequence.steps else None
    last = max(
        (place for place, step in enumerate(sequence.steps) if step.name in progress.done),
        default=-1,
    )
    return next(iter(sequence.steps[last + 1 :]), None)


def connection_cause(account_id: AccountId) -> str:
    return f"connection:{account_id}"


USER_CAUSE = "user"
BOUNCES_CAUSE = "bounces"
