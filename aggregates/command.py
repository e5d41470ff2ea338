"""What every command has, and the policy that the engine adds to those that use one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol, Self, dataclass_transform

from aggregates.changed import changed
from events.vocabulary import (
    AccountId,
    CampaignId,
    ClockOutcome,
    ConnectionStatus,
    IncidentId,
    OnAccountTrouble,
    RecipientId,
    SlotId,
    SuppressedBecause,
)

UNSTAMPED = datetime.min.replace(tzinfo=UTC)


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Command:
    """An intent, addressed to one aggregate. Every command is such a dataclass by being a subclass.

    ``at`` is the moment for which it counts, in UTC: the engine sets it under the workspace's lock,
    except on commands that are decided as of an earlier moment (a deadline that has passed).
    """

    aggregate: ClassVar[str]
    """The type of the aggregate that decides the command."""
    taken_when_fenced: ClassVar[bool] = False
    """M6: decided even though the store may lack what it did."""
    at: datetime = UNSTAMPED

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, kw_only=True)(cls)

    @property
    def aggregate_id(self) -> str:
        raise NotImplementedError

    def in_context(self, _context: "Context") -> Self:
        """The command with what its decision must know of other aggregates and the policy."""
        return self


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The values in italics in the law. Each is recorded in the events that use it."""

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
    freshness: timedelta = timedelta(minutes=2)
    """M4: how long ago an account's inbox may have been read for a follow-up to leave."""
    search_after: timedelta = timedelta(minutes=10)
    """M2: how long after a send a message's absence from the Sent folder proves something."""
    throttle_hold: timedelta = timedelta(hours=1)
    longest_throttle_hold: timedelta = timedelta(hours=24)
    most_tries: int = 5
    """M8: tries of a message that is refused for a temporary fault."""
    tries_span: timedelta = timedelta(hours=48)
    first_retry: timedelta = timedelta(minutes=15)
    """The wait after the first refusal; each further wait is four times as long."""
    bounce_rate: float = 0.05
    sends_before_bounce_rate: int = 50
    suppressed_because: frozenset[SuppressedBecause] = frozenset(SuppressedBecause)
    """M7: the reasons for which a person is suppressed."""


DEFAULT_POLICY = Policy()


class WithPolicy(Command):
    """A command whose decision, or whose events, depend on the policy in force."""

    policy: Policy = DEFAULT_POLICY

    def in_context(self, context: "Context") -> Self:
        return changed(super().in_context(context), policy=context.policy)


@dataclass(frozen=True, kw_only=True)
class Senders:
    """What a command to a campaign must know of accounts and slots when it is decided."""

    statuses: Mapping[AccountId, ConnectionStatus] = field(default_factory=dict)
    """The statuses of the accounts that the command is about; unknown accounts are absent."""
    occupant: AccountId | None = None
    """The account in the campaign's slot."""
    slot_known: bool = True
    connected_at: Mapping[AccountId, datetime] = field(default_factory=dict)
    """When each was last connected or reconnected."""

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
    """What a command can ask of the workspace under its lock."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        ...

    def senders(self, slot_id: SlotId | None, account_ids: Iterable[AccountId]) -> Senders:
        """The accounts, the slot, and the account in it."""
        ...

    def slot_of(self, campaign_id: CampaignId) -> SlotId | None: ...

    def from_email(self, campaign_id: CampaignId) -> Sequence[AccountId]:
        """The accounts of a rotation campaign."""
        ...

    def suppressed(self, recipient_ids: Iterable[RecipientId]) -> frozenset[RecipientId]:
        """Those of them who are suppressed (M7)."""
        ...

    def contacted_elsewhere(self, campaign_id: CampaignId, recipient_id: RecipientId) -> bool:
        """M7: this campaign is exclusive, and another one under way has written to the recipient,
        who is not terminal there."""
        ...

    def search_proves(
        self, campaign_id: CampaignId, recipient_id: RecipientId, send_id: str
    ) -> bool:
        """M2: what a search of its account's Sent folder does not find was not sent."""
        ...

    def clocks(self, account_id: AccountId, incident_id: IncidentId) -> tuple[ClockReading, ...]:
        """Every campaign's clock of the incident, running or ended."""
        ...
