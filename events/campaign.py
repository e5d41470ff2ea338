"""Facts about a campaign: its senders, its recipients, its clocks.

Every fact carries ``campaign_id``. Recipients are opaque ids; only the directory knows who they
are, so that a person can be forgotten while history stays complete (F1).
"""

from datetime import date, timedelta

from events.base import Event, fact
from events.sequence import MailSequence
from events.vocabulary import (
    AccountId,
    CampaignId,
    GivenUp,
    IncidentId,
    IncidentKind,
    Instant,
    Mode,
    OnAccountTrouble,
    RecipientId,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Signal,
    SlotId,
    StopReason,
)


@fact
class CampaignEventBase(Event):
    campaign_id: CampaignId


@fact
class CampaignCreated(CampaignEventBase):
    """A campaign exists, as a draft."""

    version = 2
    mode: Mode
    slot_id: SlotId | None = None
    """The slot of a single-sender campaign."""
    account_id: AccountId | None = None
    """The account in that slot."""
    mail_id: str | None = None
    """M2: drawn at random; ids of its messages derive from it. None: from its sequence's own."""


@fact
class CampaignStarted(CampaignEventBase):
    """The draft runs, under the policy that is recorded here (P1)."""

    on_account_trouble: OnAccountTrouble


@fact
class CampaignPaused(CampaignEventBase):
    """A cause joined the set of pause causes: ``user``, ``connection:<account>`` or ``bounces``
    (P1, P2, M8)."""

    version = 2
    cause: str
    bounces: int | None = None
    """The number that bounced, of the messages since the start or the last resume (M8)."""
    sends: int | None = None
    sends_needed: int | None = None
    """The policy: with fewer messages, bounces never pause a campaign."""
    bounce_rate: float | None = None
    """The policy: the share of messages that may bounce."""


@fact
class PauseCauseCleared(CampaignEventBase):
    """A connection cause left the set; the campaign stays paused (P2, P3)."""

    cause: str


@fact
class CampaignResumed(CampaignEventBase):
    """The user resumed; every cause left the set (P3)."""

    on_account_trouble: OnAccountTrouble
    given_up: tuple[GivenUp, ...] = ()


@fact
class CampaignFinished(CampaignEventBase):
    """Every recipient is terminal."""


@fact
class CampaignReopened(CampaignEventBase):
    """An import added someone to a finished campaign, which runs again."""


@fact
class SequenceSet(CampaignEventBase):
    """What the campaign sends by itself, from now on: steps, days, windows and limits (M2, M3)."""

    sequence: MailSequence


@fact
class SenderEvent(CampaignEventBase):
    account_id: AccountId


@fact
class SenderAdded(SenderEvent):
    """The account joined FROM EMAIL."""


@fact
class SenderRemoved(SenderEvent):
    """The account left FROM EMAIL by a user's act (S10) or by its disconnect (T2)."""

    incident_id: IncidentId | None = None
    """The disconnect; None if a user removed the account."""
    held: int
    """How many contacted recipients wait for its return."""


@fact
class SenderReplaced(SenderEvent):
    """Another account sits in the slot of a single-sender campaign (T3)."""


@fact
class ClockEvent(SenderEvent):
    incident_id: IncidentId
    kind: IncidentKind


@fact
class GracePeriodStarted(ClockEvent):
    """A clock started for this campaign and account (S1, T2)."""

    started_at: Instant
    deadline_at: Instant
    at_stake: int


@fact
class GracePeriodCured(ClockEvent):
    """The clock ended in time: nobody is stopped (C5, T4)."""


@fact
class GracePeriodSuperseded(ClockEvent):
    """A disconnect ended the failure clock (T2)."""

    superseded_by: IncidentId


@fact
class GracePeriodExpired(ClockEvent):
    """A clock ran out: the account leaves FROM EMAIL, its recipients stop (S3, F0)."""

    deadline_at: Instant
    stopped: int
    released: int
    in_flight: int
    """First emails on their way; each of their recipients stops unless its send is refused (S8)."""
    skipped: dict[RecipientStatus, int]
    """Recipients who had received from the account and were terminal already, by status (S5)."""


@fact
class RecipientEvent(CampaignEventBase):
    recipient_id: RecipientId


@fact
class RecipientAdded(RecipientEvent):
    """The recipient was imported into the campaign."""


@fact
class RecipientMigrated(RecipientEvent):
    """The newly added recipient got these steps from another program before; they count as received
    from the account (M1, M2)."""

    account_id: AccountId
    steps: tuple[str, ...]
    """Every step up to the last one received, in order."""
    received_at: Instant
    """When the last one was received: the next delay counts from then (M3)."""


@fact
class RecipientImportRefused(RecipientEvent):
    """A stopped recipient was imported again (S4), or a suppressed one (M7), and not taken."""

    reason: str


@fact
class RecipientAssigned(RecipientEvent):
    """A soft assignment (M1)."""

    account_id: AccountId


@fact
class AssignmentReleased(RecipientEvent):
    """The soft assignment ended; others may take the recipient (S3, S10)."""

    account_id: AccountId


@fact
class SendEvent(RecipientEvent):
    account_id: AccountId
    send_id: str


@fact
class SendReserved(SendEvent):
    """A message may now be submitted through the account; assigns it softly (M1, M2)."""

    version = 2
    step: str | None = None
    """The step of the sequence; None for a message that the engine did not plan."""
    day: date | None = None
    """The day on which it counts, in the campaign's zone (M3)."""
    inbox_read_until: Instant | None = None
    """M4: up to when the account's inbox had been read; None for a first message."""
    freshness: timedelta | None = None
    """M4, the policy: how long ago that may be."""


@fact
class EmailAccepted(SendEvent):
    """The mail server accepted the message: the recipient received an email."""


@fact
class EmailOutcomeUnknown(SendEvent):
    """Nobody knows whether the server took it: counts as received (M2)."""


@fact
class EmailRefused(SendEvent):
    """The mail server refused the message; ``fault`` says whose fault it was."""

    version = 2
    fault: RefusalFault
    reserved_at: Instant | None = None
    """When a planned message was reserved: it had counted for that day (M3)."""
    tries: int | None = None
    """How often this message was refused for a temporary fault (M8)."""
    most_tries: int | None = None
    tries_span: timedelta | None = None
    """The policy: how many tries, and how long after the first one."""
    retry_at: Instant | None = None
    """M8: a planned message is not tried again before this moment."""
    told_until: Instant | None = None
    """M8: until when the provider refuses more from the account, if it said so."""


@fact
class SentFolderSearched(SendEvent):
    """The Sent folder was searched for an unknown send's Message-ID (M2)."""

    found: bool


@fact
class SentSearched(SendEvent):
    """What the Sent folder says of a message: found, absent or inconclusive (M2).

    ``absent`` proves that it was not sent; what proves nothing is ``inconclusive``.
    """

    result: SearchResult
    search_after: timedelta | None = None
    """The policy: how long after a send the message's absence proves something."""


@fact
class ComplaintReceived(RecipientEvent):
    """The recipient told the provider that the message was unwanted (M7)."""


@fact
class RecipientEnded(RecipientEvent):
    """The recipient became terminal. ``account_id`` is the fixed sender, if there was one."""

    account_id: AccountId | None = None


@fact
class RecipientReplied(RecipientEnded):
    """Terminal: the recipient answered."""


@fact
class RecipientBounced(RecipientEnded):
    """Terminal: the recipient's address takes no mail."""

    version = 2
    address_unknown: bool | None = None
    """M7: whether the address does not exist; None if the server did not say."""


@fact
class RecipientUnsubscribed(RecipientEnded):
    """Terminal: the recipient asked not to be written to."""


@fact
class RecipientFinished(RecipientEnded):
    """Terminal: the sequence ended without an answer."""


@fact
class RecipientFailed(RecipientEnded):
    """Terminal: refused for good, for another reason than the recipient's."""


@fact
class RecipientStopped(RecipientEvent):
    """Campaign Stopped, for good (S3, S4)."""

    account_id: AccountId
    incident_id: IncidentId
    reason: StopReason


@fact
class LateSignalRecorded(RecipientEvent):
    """Something arrived for a recipient who was terminal already; nothing changes."""

    signal: Signal


@fact
class AutoReplyReceived(RecipientEvent):
    """An automatic answer, no reply (M5). ``held_until`` is the latest date named so far."""

    until: Instant | None = None
    held_until: Instant | None = None


@fact
class HoldEnded(RecipientEvent):
    """The date an out-of-office named has come."""


CampaignEvent = (
    CampaignCreated
    | CampaignStarted
    | CampaignPaused
    | PauseCauseCleared
    | CampaignResumed
    | CampaignFinished
    | CampaignReopened
    | SequenceSet
    | SenderAdded
    | SenderRemoved
    | SenderReplaced
    | GracePeriodStarted
    | GracePeriodCured
    | GracePeriodSuperseded
    | GracePeriodExpired
    | RecipientAdded
    | RecipientMigrated
    | RecipientImportRefused
    | RecipientAssigned
    | AssignmentReleased
    | SendReserved
    | EmailAccepted
    | EmailOutcomeUnknown
    | EmailRefused
    | SentFolderSearched
    | SentSearched
    | ComplaintReceived
    | RecipientReplied
    | RecipientBounced
    | RecipientUnsubscribed
    | RecipientFinished
    | RecipientFailed
    | RecipientStopped
    | LateSignalRecorded
    | AutoReplyReceived
    | HoldEnded
)
