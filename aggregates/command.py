"""What every command has, and the policy the engine stamps on those that use one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol, Self

from events.vocabulary import (
    AccountId,
    CampaignId,
    ClockOutcome,
    ConnectionStatus,
    IncidentId,
    OnAccountTrouble,
    SlotId,
)

UNSTAMPED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """An intent, addressed to one aggregate.

    ``at`` is the moment it counts for, in UTC: the engine stamps it under the workspace's lock,
    except on commands that are told as of an earlier moment (a deadline that has passed).
    """

    aggregate: ClassVar[str]
    """The type of the aggregate that decides it."""
    at: datetime = UNSTAMPED

    @property
    @abstractmethod
    def aggregate_id(self) -> str: ...

    def in_context(self, _context: "Context") -> Self:
        """The command with all that its decision must know of other aggregates and the policy."""
        return self


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The law's values in italics. Each is recorded in the events that use it."""

    resolution_window: timedelta = timedelta(days=9)
    grace_period: timedelta = timedelta(hours=1)
    on_account_trouble: OnAccountTrouble = OnAccountTrouble.PAUSE_CAMPAIGN
    failure_reminders: tuple[timedelta, ...] = (
        timedelta(days=3),
        timedelta(days=7),
        timedelta(days=8),
    )
    disconnect_reminders: tuple[timedelta, ...] = (timedelta(minutes=45),)
    misses_before_failure: int = 3
    misses_span: timedelta = timedelta(minutes=15)
    check_patience: timedelta = timedelta(seconds=60)


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, kw_only=True)
class Senders:
    """What a campaign's command must know of accounts and slots, as of its decision."""

    statuses: Mapping[AccountId, ConnectionStatus] = field(default_factory=dict)
    """Of the accounts the command is about; unknown ones are absent."""
    occupant: AccountId | None = None
    """Who sits in the campaign's slot."""
    slot_known: bool = True

    def connected(self, account_id: AccountId | None) -> bool:
        return (
            account_id is not None and self.statuses.get(account_id) is ConnectionStatus.SUCCESSFUL
        )


@dataclass(frozen=True, kw_only=True)
class ClockReading:
    """One campaign's clock of an incident, as a notice must know it."""

    campaign_id: CampaignId
    outcome: ClockOutcome
    ended_at: datetime | None
    at_stake: int
    stopped: int


class Context(Protocol):
    """What a command may ask of the workspace under its lock."""

    @property
    def policy(self) -> Policy:
        """The one in force."""
        ...

    def senders(self, slot_id: SlotId | None, account_ids: Iterable[AccountId]) -> Senders:
        """The accounts, the slot, and whoever sits in it."""
        ...

    def slot_of(self, campaign_id: CampaignId) -> SlotId | None: ...

    def clocks(self, account_id: AccountId, incident_id: IncidentId) -> tuple[ClockReading, ...]:
        """Every campaign's clock of the incident, running or ended."""
        ...
