"""What decisions about an email account need to remember."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, assert_never

from aggregates.email_account import usage
from aggregates.email_account.usage import UNUSED, Usage
from events.email_account import (
    AccountConnected,
    AccountDisconnected,
    CheckFailed,
    CheckPassed,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    ConnectRejected,
    EmailAccountEvent,
    NoticeAttempted,
    NoticeIssued,
    OneClickReconnected,
    OneClickRejected,
    SendCounted,
    SendingThrottled,
    SendUncounted,
    SentSearchProved,
    SettingsUpdated,
    ThrottlingEnded,
)
from events.vocabulary import (
    AccountId,
    ConnectionStatus,
    FailureClass,
    IncidentId,
    IncidentKind,
    NoticeKind,
    Settings,
    SlotId,
)


class Incident(NamedTuple):
    """One stretch of trouble, ``open`` until it is cured or superseded, or its clock runs out."""

    kind: IncidentKind
    opened_at: datetime
    deadline_at: datetime
    notices: int = 0
    open: bool = True
    end_told: bool = False
    """Whether the owner was told that clocks ran out, or that all is well (N3)."""
    told_of: datetime | None = None
    """When the last notice was due: nothing that was due by then is reported again (N1)."""


class LastFailure(NamedTuple):
    """The last failed check that was recorded."""

    found: FailureClass | None
    at: datetime


class PendingCheck(NamedTuple):
    requested_at: datetime
    patience_ends_at: datetime


class EmailAccount(NamedTuple):
    id: AccountId
    status: ConnectionStatus | None = None
    """None: never connected."""
    slot_id: SlotId | None = None
    settings: Settings = Settings()
    configuration: str = ""
    provider: str = ""
    credentials: str | None = None
    """The name of the mailbox's credentials in the secret store."""
    misses: int = 0
    first_missed_at: datetime | None = None
    last_failure: LastFailure | None = None
    """None if a check that passed, or a connect, was recorded after it."""
    incidents_opened: int = 0
    failure: IncidentId | None = None
    """The failure incident that caused the status ``failed``."""
    incidents: Mapping[IncidentId, Incident] = {}
    """The newest incident, and older ones that are open or whose clocks still wait for a check."""
    checks: Mapping[str, PendingCheck] = {}
    usage: Usage = UNUSED
    connected_at: datetime | None = None
    """When it was last connected, reconnected or restored (M4)."""
    search_proved: bool = False
    """M2: whether a search of the Sent folder has found an accepted message since then."""

    @property
    def connected(self) -> bool:
        """Whether it sits in a slot, working or not."""
        return self.status in (ConnectionStatus.SUCCESSFUL, ConnectionStatus.FAILED)

    @property
    def next_incident_id(self) -> IncidentId:
        return f"{self.id}#{self.incidents_opened + 1}"

    def opened_once(self, incident_id: IncidentId) -> bool:
        """Whether it was ever an incident of this account, however long ago."""
        name, _, number = incident_id.rpartition("#")
        ordinals = map(str, range(1, self.incidents_opened + 1))
        return name == self.id and number in ordinals

    def patience_for(self, deadline: datetime) -> datetime | None:
        """C6: until when a clock with this deadline waits for a check asked for in time."""
        ends = [c.patience_ends_at for c in self.checks.values() if c.requested_at <= deadline]
        return max(ends, default=None)

    def waits(self, deadline: datetime, now: datetime) -> bool:
        """Whether a clock with this deadline is still undecided now (C6)."""
        patience = self.patience_for(deadline)
        return patience is not None and patience >= now


def initial(account_id: AccountId) -> EmailAccount:
    return EmailAccount(account_id)


def evolve(  # noqa: C901, PLR0912 one case per event
    account: EmailAccount, event: EmailAccountEvent
) -> EmailAccount:
    match event:
        case AccountConnected():
            return _reconnected(_healthy(account), event.occurred_at)._replace(
                status=ConnectionStatus.SUCCESSFUL,
                slot_id=event.slot_id,
                settings=event.settings,
                configuration=event.configuration,
                provider=event.provider,
                credentials=event.credentials,
            )
        case SettingsUpdated():
            return account._replace(settings=event.settings)
        case CheckRequested():
            return _asked(account, event)
        case CheckPassed() | OneClickReconnected():
            return _passed(account, event)
        case CheckFailed():
            return _missed(_answered(account, event.check_id), event)
        case OneClickRejected():
            return _answered(account, event.check_id)
        case ConnectionFailed():
            incident = Incident(IncidentKind.FAILURE, event.occurred_at, event.deadline_at)
            return _opened(account, event.incident_id, incident)._replace(
                status=ConnectionStatus.FAILED,
                failure=event.incident_id,
            )
        case ConnectionRestored():
            return _reconnected(_closed(account, event.incident_id), event.occurred_at)._replace(
                status=ConnectionStatus.SUCCESSFUL,
                failure=None,
            )
        case AccountDisconnected():
            return _disconnected(account, event)
        case NoticeIssued():
            return _noticed(account, event)
        case SendCounted() | SendUncounted() | SendingThrottled() | ThrottlingEnded():
            return account._replace(usage=usage.evolve(account.usage, event))
        case SentSearchProved():
            return account._replace(search_proved=True)
        case ConnectRejected() | NoticeAttempted():
            return account
        case _:
            assert_never(event)


def _healthy(account: EmailAccount) -> EmailAccount:
    return account._replace(misses=0, first_missed_at=None, last_failure=None)


def _reconnected(account: EmailAccount, at: datetime) -> EmailAccount:
    """M2, M4: what was known about its folders before does not count any more."""
    return account._replace(connected_at=at, search_proved=False)


def _asked(account: EmailAccount, event: CheckRequested) -> EmailAccount:
    now = event.occurred_at
    waited_for = {k: check for k, check in account.checks.items() if check.patience_ends_at >= now}
    asked = PendingCheck(now, event.patience_ends_at)
    return account._replace(checks={**waited_for, event.check_id: asked})


def _answered(account: EmailAccount, check_id: str | None) -> EmailAccount:
    if check_id not in account.checks:
        return account
    return account._replace(checks={k: v for k, v in account.checks.items() if k != check_id})


def _passed(account: EmailAccount, event: CheckPassed | OneClickReconnected) -> EmailAccount:
    healthy = _healthy(_answered(account, event.check_id))
    if isinstance(event, CheckPassed):
        return healthy
    healthy = _reconnected(healthy, event.occurred_at)
    return healthy._replace(credentials=event.credentials or healthy.credentials)


def _missed(account: EmailAccount, event: CheckFailed) -> EmailAccount:
    account = account._replace(last_failure=LastFailure(event.report.found, event.occurred_at))
    if event.misses == account.misses:
        return account
    return account._replace(
        misses=event.misses,
        first_missed_at=account.first_missed_at or event.occurred_at,
    )


def _opened(account: EmailAccount, incident_id: IncidentId, incident: Incident) -> EmailAccount:
    """An older incident is kept while its clocks may have to end: in a fenced store an account may
    be reconnected, and fail again, before they are settled (M6, N1)."""
    now = incident.opened_at
    unsettled = {
        key: older
        for key, older in account.incidents.items()
        if older.open
        or account.waits(older.deadline_at, now)
        or (older.deadline_at < now and not older.end_told)
    }
    return account._replace(
        incidents_opened=account.incidents_opened + 1,
        incidents={**unsettled, incident_id: incident},
    )


def _closed(account: EmailAccount, incident_id: IncidentId) -> EmailAccount:
    incident = account.incidents[incident_id]._replace(open=False)
    return account._replace(incidents={**account.incidents, incident_id: incident})


def _disconnected(account: EmailAccount, event: AccountDisconnected) -> EmailAccount:
    if event.supersedes is not None:
        account = _closed(account, event.supersedes)
    incident = Incident(IncidentKind.DISCONNECT, event.occurred_at, event.deadline_at)
    return _healthy(_opened(account, event.incident_id, incident))._replace(
        status=ConnectionStatus.DISCONNECTED,
        slot_id=None,
        settings=event.settings_after,
        credentials=None,
        failure=None,
        checks={},
    )


def _noticed(account: EmailAccount, event: NoticeIssued) -> EmailAccount:
    incident = account.incidents[event.incident_id]
    end = event.kind in (NoticeKind.ENDED, NoticeKind.CURED)
    told = incident._replace(
        notices=event.number,
        open=incident.open and not end,
        end_told=incident.end_told or end,
        told_of=event.due_at,
    )
    return account._replace(incidents={**account.incidents, event.incident_id: told})
