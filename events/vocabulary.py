"""The law's words as types: the values that facts may hold, and their spelling on the wire."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import CoreSchema, core_schema

AccountId = str
CampaignId = str
RecipientId = str
SlotId = str
IncidentId = str
Zone = str
"""A time zone by its IANA name, like ``Europe/Berlin``."""


class _Utc:
    """A datetime that must carry the offset 0; checked in the validator's compiled core."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.datetime_schema(tz_constraint=0)


Instant = Annotated[datetime, _Utc()]
"""A moment in UTC, to the microsecond."""


def instant_text(moment: datetime) -> str:
    """The one spelling of an instant outside the program: ISO 8601, UTC, with a ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """An ISO 8601 time with a zone, as UTC. Raises ``ValueError``."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"expected an ISO 8601 time like 2026-03-02T09:00:00Z, found {text!r}"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, like {text.strip()}Z, found {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"expected a time within the calendar, found {text!r}") from None


class ConnectionStatus(StrEnum):
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISCONNECTED = "disconnected"


class Mode(StrEnum):
    SINGLE = "single"
    ROTATION = "rotation"


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class RecipientStatus(StrEnum):
    """``held`` is never stored: it is ``active`` seen together with the sender's state."""

    PENDING = "pending"
    ACTIVE = "active"
    HELD = "held"
    REPLIED = "replied"
    FINISHED = "finished"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    CAMPAIGN_STOPPED = "campaign_stopped"
    FAILED = "failed"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL


Signal = Literal[
    RecipientStatus.REPLIED,
    RecipientStatus.BOUNCED,
    RecipientStatus.UNSUBSCRIBED,
    RecipientStatus.FINISHED,
    RecipientStatus.FAILED,
]
"""What can be reported about a recipient: every terminal status but the stop."""

TERMINAL = frozenset(
    {
        RecipientStatus.REPLIED,
        RecipientStatus.FINISHED,
        RecipientStatus.BOUNCED,
        RecipientStatus.UNSUBSCRIBED,
        RecipientStatus.CAMPAIGN_STOPPED,
        RecipientStatus.FAILED,
    }
)


class IncidentKind(StrEnum):
    FAILURE = "failure"
    DISCONNECT = "disconnect"


class ClockOutcome(StrEnum):
    RUNNING = "running"
    CURED = "cured"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class StopReason(StrEnum):
    GRACE_PERIOD_EXPIRED = "grace_period_expired"
    RESOLUTION_WINDOW_EXPIRED = "resolution_window_expired"

    @classmethod
    def of(cls, kind: IncidentKind) -> "StopReason":
        if kind is IncidentKind.DISCONNECT:
            return cls.GRACE_PERIOD_EXPIRED
        return cls.RESOLUTION_WINDOW_EXPIRED


class NoticeKind(StrEnum):
    FAILURE = "failure"
    DISCONNECT = "disconnect"
    ENDED = "ended"
    CURED = "cured"


class OnAccountTrouble(StrEnum):
    """P1: what an account's trouble does to the rotation campaigns that list it."""

    PAUSE_CAMPAIGN = "pause_campaign"
    HOLD_SENDER = "hold_sender"


class Asker(StrEnum):
    """C2: who wanted a connection check."""

    USER = "user"
    BACKGROUND = "background"


class RefusalFault(StrEnum):
    """Whose fault it was that a mail server refused a message."""

    RECIPIENT = "recipient"
    OTHER = "other"
    TEMPORARY = "temporary"
    LIMIT = "limit"
    """The account sends too much for its provider (M8)."""
    ACCOUNT = "account"
    """The account is in trouble: a check is to find out (M8)."""


class SearchResult(StrEnum):
    """M2: what the Sent folder says of a message."""

    FOUND = "found"
    ABSENT = "absent"
    INCONCLUSIVE = "inconclusive"


class SuppressedBecause(StrEnum):
    """M7: why a person is never written to again."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    OPERATOR = "operator"


class Waiting(StrEnum):
    """Why a recipient is not sent to now (M3, M4, M7)."""

    NOT_SET_UP = "not_set_up"
    PAUSED = "paused"
    SENDER = "sender"
    UNKNOWN = "unknown"
    EXCLUSIVE = "exclusive"
    FENCE = "fence"
    DELAY = "delay"
    HOLD = "hold"
    FRESHNESS = "freshness"
    GAP = "gap"
    LIMIT = "limit"
    WINDOW = "window"
    TURN = "turn"


class FailureClass(StrEnum):
    """C3: why a check failed. What is not recognised is ``unknown``."""

    AUTH_BAD_CREDENTIALS = "auth_bad_credentials"
    AUTH_REVOKED = "auth_revoked"
    AUTH_INSUFFICIENT_SCOPE = "auth_insufficient_scope"
    AUTH_USER_ACTION = "auth_user_action"
    AUTH_ADMIN_POLICY = "auth_admin_policy"
    TRANSIENT_SERVER = "transient_server"
    UNREACHABLE = "unreachable"
    TLS_UNTRUSTED = "tls_untrusted"
    UNKNOWN = "unknown"
    THROTTLED = "throttled"
    PROVIDER_APP_FAULT = "provider_app_fault"
    IDENTITY_MISMATCH = "identity_mismatch"

    @property
    def permanent(self) -> bool:
        return self in _PERMANENT

    @property
    def opens_incident(self) -> bool:
        """False for throttling, a fault of our own application, another mailbox (C2, C3)."""
        return self not in _NEVER_AN_INCIDENT


_PERMANENT = frozenset(
    {
        FailureClass.AUTH_BAD_CREDENTIALS,
        FailureClass.AUTH_REVOKED,
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        FailureClass.AUTH_USER_ACTION,
        FailureClass.AUTH_ADMIN_POLICY,
    }
)
_NEVER_AN_INCIDENT = frozenset(
    {
        FailureClass.THROTTLED,
        FailureClass.PROVIDER_APP_FAULT,
        FailureClass.IDENTITY_MISMATCH,
    }
)


class Stage(StrEnum):
    """C1: what a connection check goes through, in this order."""

    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    LOGIN = "login"
    IMAP = "imap"
    SMTP = "smtp"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class CheckReport(_Value):
    """C1: what a connection check found, without the server's own text (which may name people)."""

    passed: tuple[Stage, ...]
    failed_at: Stage | None = None
    failure_class: FailureClass | None = None
    classifier: str
    """Name and version of the table that found the class in the server's answer."""
    evidence_digest: str | None = None
    """SHA-256, hexadecimal, of the raw server text kept in the erasable evidence table."""

    @property
    def found(self) -> FailureClass | None:
        """The class; None only if every stage passed. A stage left out without a reason is
        ``unknown`` (C3)."""
        if self.failure_class is None and self.passed != tuple(Stage):
            return FailureClass.UNKNOWN
        return self.failure_class

    @property
    def successful(self) -> bool:
        return self.found is None


A_YEAR = 366 * 24 * 3_600
"""Seconds."""


class Settings(_Value):
    """R1, T1: what One-Click Reconnect keeps and a disconnect puts back to these defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signature: str = ""
    sender_name: str = ""
    sending_speed: int = 50
    """Emails per day."""
    limits: dict[str, int] = {}
    """``gap``: seconds between two messages (90); ``ramp_start`` and ``ramp_step``: messages on the
    first day, and how many more on each day after it."""
    schedule: dict[str, str] = {}
    """``zone``: the time zone of the account's day (UTC)."""
    folders: dict[str, str] = {}

    @property
    def gap(self) -> timedelta:
        return timedelta(seconds=min(self.limits.get("gap", 90), A_YEAR))

    @property
    def zone(self) -> Zone:
        return self.schedule.get("zone", "UTC")


class Stake(_Value):
    """How many recipients of one campaign a notice is about."""

    campaign_id: CampaignId
    recipients: int


class GivenUp(_Value):
    """P3: an account the user knowingly goes on without, with what was at stake and until when."""

    account_id: AccountId
    at_stake: int
    deadline_at: Instant
