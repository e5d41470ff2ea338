"""Facts about an email account: its connection, its incidents, the notices to its owner.

Every fact carries ``account_id``, the normalised address. No password and no token ever appears
here (F1): ``credentials`` is a reference into the secret store.
"""

from datetime import date, timedelta

from events.base import Event, fact
from events.vocabulary import (
    AccountId,
    Asker,
    CampaignId,
    CheckReport,
    FailureClass,
    IncidentId,
    IncidentKind,
    Instant,
    NoticeKind,
    OnAccountTrouble,
    Settings,
    SlotId,
    Stake,
)


@fact
class AccountConnected(Event):
    """A mailbox was connected into a slot, after a full successful check (C1, T3)."""

    account_id: AccountId
    slot_id: SlotId
    provider: str
    settings: Settings
    configuration: str = ""
    """Digest of the IMAP and SMTP servers' names and ports (R2)."""
    credentials: str | None = None


@fact
class ConnectRejected(Event):
    """Connecting a known account again did not pass the check; nothing changed."""

    account_id: AccountId
    slot_id: SlotId
    reason: str


@fact
class SettingsUpdated(Event):
    """The user changed the account's settings; these are all of them, as they are now."""

    account_id: AccountId
    settings: Settings


@fact
class CheckRequested(Event):
    """C6: a user asked for a check; until ``patience_ends_at`` a clock waits for its end."""

    account_id: AccountId
    check_id: str
    patience_ends_at: Instant


@fact
class CheckPassed(Event):
    """A connection check passed every stage (C1)."""

    account_id: AccountId
    asked_by: Asker
    report: CheckReport
    check_id: str | None = None
    """The request that this check ends (C6)."""


@fact
class CheckFailed(Event):
    """A check failed. ``misses`` counts the transient ones since the last success (C2).

    Where the check counted as a miss, the policy it was counted under is recorded.
    """

    account_id: AccountId
    asked_by: Asker
    report: CheckReport
    misses: int
    misses_before_failure: int | None = None
    misses_span: timedelta | None = None
    check_id: str | None = None


@fact
class ConnectionFailed(Event):
    """The status became ``failed``; opens a failure incident (C2, S2).

    ``reason`` is one sentence a person understands. The policy in force is recorded here.
    """

    account_id: AccountId
    incident_id: IncidentId
    failure_class: FailureClass
    reason: str
    resolution_window: timedelta
    deadline_at: Instant
    remind_at: tuple[Instant, ...]
    on_account_trouble: OnAccountTrouble


@fact
class ConnectionRestored(Event):
    """A full successful check cured the failure incident (C5)."""

    account_id: AccountId
    incident_id: IncidentId


@fact
class OneClickReconnected(Event):
    """One-Click Reconnect passed its check; every setting is as before (R1, R2)."""

    account_id: AccountId
    report: CheckReport
    credentials: str | None = None
    check_id: str | None = None


@fact
class OneClickRejected(Event):
    """One-Click Reconnect was refused; the status is as before (R2)."""

    account_id: AccountId
    reason: str
    check_id: str | None = None


@fact
class AccountDisconnected(Event):
    """The first half of a Two-Step Reconnect; opens a disconnect incident (T1, T2)."""

    account_id: AccountId
    slot_id: SlotId
    incident_id: IncidentId
    supersedes: IncidentId | None = None
    """The failure incident whose clocks this disconnect ends."""
    settings_before: Settings
    settings_after: Settings
    grace_period: timedelta
    deadline_at: Instant
    remind_at: tuple[Instant, ...]
    on_account_trouble: OnAccountTrouble


@fact
class NoticeIssued(Event):
    """The owner is to be told (N1, N3). ``number`` counts from 1 within the incident."""

    account_id: AccountId
    incident_id: IncidentId
    incident_kind: IncidentKind
    kind: NoticeKind
    number: int
    at_stake: int
    campaigns: tuple[Stake, ...]
    deadline_at: Instant
    due_at: Instant
    """When the notice was due; ``occurred_at`` is when a worker issued it."""


@fact
class NoticeAttempted(Event):
    """One attempt to deliver a notice, with its outcome (N2)."""

    version = 2
    account_id: AccountId
    incident_id: IncidentId
    number: int
    channel: str
    """How it was sent, e.g. ``maildir``; never only through the failing mailbox."""
    delivered: bool
    detail: str
    taken_by: tuple[str, ...] = ()
    """Owners who took it though others did not, by digests that the channel knows them by."""


@fact
class SendCounted(Event):
    """A reserved message counts for the account's day, whatever the campaign (M3)."""

    account_id: AccountId
    campaign_id: CampaignId
    send_id: str
    day: date
    """In the account's zone."""
    day_began_at: Instant
    used: int
    """Messages on that day, including this one."""
    limit: int
    gap: timedelta


@fact
class SendUncounted(Event):
    """The message was refused: it uses up nothing of its day (M3)."""

    account_id: AccountId
    campaign_id: CampaignId
    send_id: str
    reserved_at: Instant


@fact
class SendingThrottled(Event):
    """The provider refuses more of this account: nothing leaves through it until then (M8)."""

    account_id: AccountId
    until: Instant
    held_for: timedelta


@fact
class ThrottlingEnded(Event):
    """A message was accepted again: the next hold is as short as the first (M8)."""

    account_id: AccountId


@fact
class SentSearchProved(Event):
    """A search found an accepted message: from here on what it does not find was not sent (M2).

    Until the account is connected or reconnected.
    """

    account_id: AccountId
    send_id: str


EmailAccountEvent = (
    AccountConnected
    | ConnectRejected
    | SettingsUpdated
    | CheckRequested
    | CheckPassed
    | CheckFailed
    | ConnectionFailed
    | ConnectionRestored
    | OneClickReconnected
    | OneClickRejected
    | AccountDisconnected
    | NoticeIssued
    | NoticeAttempted
    | SendCounted
    | SendUncounted
    | SendingThrottled
    | ThrottlingEnded
    | SentSearchProved
)
