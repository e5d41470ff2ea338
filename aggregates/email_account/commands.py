"""The commands for an email account."""

from datetime import datetime
from typing import ClassVar, Self

from aggregates.changed import changed
from aggregates.command import UNSTAMPED, ClockReading, Command, Context, WithPolicy
from events.vocabulary import (
    AccountId,
    Asker,
    CampaignId,
    CheckReport,
    IncidentId,
    NoticeKind,
    Settings,
    SlotId,
)


class AccountCommand(Command):
    aggregate: ClassVar[str] = "account"
    account_id: AccountId

    @property
    def aggregate_id(self) -> AccountId:
        return self.account_id


class Verified(AccountCommand):
    """A command that counts only once the connection has been checked (C1, R2).

    ``refusal`` is the code of a reason found apart from the check (``identity_mismatch``, …);
    ``configuration`` is a digest of the IMAP and SMTP servers' names and ports; ``credentials`` is
    a reference into the secret store.
    """

    taken_when_fenced: ClassVar[bool] = True
    report: CheckReport
    refusal: str | None = None
    configuration: str = ""
    credentials: str | None = None
    check_id: str | None = None


class ConnectAccount(Verified):
    slot_id: SlotId
    provider: str
    settings: Settings = Settings()


class OneClickReconnect(Verified):
    pass


class RequestCheck(WithPolicy, AccountCommand):
    """C6: a user asked for a check that is about to run."""

    taken_when_fenced: ClassVar[bool] = True
    check_id: str


class RecordCheck(WithPolicy, AccountCommand):
    """The outcome of Test Connection or of a background check (C1, C2).

    ``credentials`` are those that were checked: if the account has others by now, the check says
    nothing about its connection.
    """

    taken_when_fenced: ClassVar[bool] = True
    asked_by: Asker
    report: CheckReport
    check_id: str | None = None
    credentials: str | None = None


class UpdateSettings(AccountCommand):
    settings: Settings


class DisconnectAccount(WithPolicy, AccountCommand):
    pass


class IssueNotice(AccountCommand):
    """Tell the owner about an incident (N1, N3)."""

    incident_id: IncidentId
    kind: NoticeKind
    due_at: datetime = UNSTAMPED
    clocks: tuple[ClockReading, ...] = ()

    def in_context(self, context: Context) -> Self:
        return changed(self, clocks=context.clocks(self.account_id, self.incident_id))


class RecordNoticeAttempt(AccountCommand):
    taken_when_fenced: ClassVar[bool] = True
    incident_id: IncidentId
    number: int
    channel: str
    delivered: bool
    detail: str = ""
    taken_by: tuple[str, ...] = ()


class AboutSend(WithPolicy, AccountCommand):
    """A process manager's command about a planned message that was reserved through the account."""

    campaign_id: CampaignId
    send_id: str


class CountSend(AboutSend):
    """M3: refused, together with the reservation, if the account may not send now. A message that
    is known to be ``sent`` counts all the same (M6)."""

    sent: bool = False


class UncountSend(AboutSend):
    """M3: the message was refused. ``throttled``: because the account sends too much (M8)."""

    reserved_at: datetime
    throttled: bool
    told_until: datetime | None = None


class EndThrottling(AccountCommand):
    """M8: a message was accepted, which ends the throttling."""


class ProveSentSearch(AccountCommand):
    """M2: a search of the Sent folder found this accepted message."""

    taken_when_fenced: ClassVar[bool] = True
    send_id: str


EmailAccountCommand = (
    ConnectAccount
    | OneClickReconnect
    | RequestCheck
    | RecordCheck
    | UpdateSettings
    | DisconnectAccount
    | IssueNotice
    | RecordNoticeAttempt
    | CountSend
    | UncountSend
    | EndThrottling
    | ProveSentSearch
)
