"""What may be asked of an email account."""

from dataclasses import dataclass
from datetime import datetime

from aggregates.command import DEFAULT_POLICY, UNSTAMPED, Command, Policy
from events.vocabulary import (
    AccountId,
    Asker,
    CampaignId,
    CheckReport,
    ClockOutcome,
    IncidentId,
    NoticeKind,
    Settings,
    SlotId,
)


@dataclass(frozen=True, kw_only=True)
class AccountCommand(Command):
    account_id: AccountId


@dataclass(frozen=True, kw_only=True)
class Verified(AccountCommand):
    """A command that counts only once the connection was checked (C1, R2).

    ``refusal`` is the code of a reason found beside the check itself (``identity_mismatch``, …);
    ``configuration`` is a digest of the IMAP and SMTP servers' names and ports; ``credentials`` a
    reference into the secret store.
    """

    report: CheckReport
    refusal: str | None = None
    configuration: str = ""
    credentials: str | None = None
    check_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConnectAccount(Verified):
    slot_id: SlotId
    provider: str
    settings: Settings = Settings()


@dataclass(frozen=True, kw_only=True)
class OneClickReconnect(Verified):
    pass


@dataclass(frozen=True, kw_only=True)
class RequestCheck(AccountCommand):
    """C6: a user asked for a check that is about to run."""

    check_id: str
    policy: Policy = DEFAULT_POLICY


@dataclass(frozen=True, kw_only=True)
class RecordCheck(AccountCommand):
    """The outcome of Test Connection or of a background check (C1, C2)."""

    asked_by: Asker
    report: CheckReport
    check_id: str | None = None
    policy: Policy = DEFAULT_POLICY


@dataclass(frozen=True, kw_only=True)
class UpdateSettings(AccountCommand):
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class DisconnectAccount(AccountCommand):
    policy: Policy = DEFAULT_POLICY


@dataclass(frozen=True, kw_only=True)
class ClockReading:
    """One campaign's clock of an incident, as a notice must know it."""

    campaign_id: CampaignId
    outcome: ClockOutcome
    ended_at: datetime | None
    at_stake: int
    stopped: int


@dataclass(frozen=True, kw_only=True)
class IssueNotice(AccountCommand):
    """Tell the owner of an incident (N1, N3). The engine reads the clocks under the lock."""

    incident_id: IncidentId
    kind: NoticeKind
    due_at: datetime = UNSTAMPED
    clocks: tuple[ClockReading, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordNoticeAttempt(AccountCommand):
    incident_id: IncidentId
    number: int
    channel: str
    delivered: bool
    detail: str = ""


EmailAccountCommand = (
    ConnectAccount
    | OneClickReconnect
    | RequestCheck
    | RecordCheck
    | UpdateSettings
    | DisconnectAccount
    | IssueNotice
    | RecordNoticeAttempt
)
