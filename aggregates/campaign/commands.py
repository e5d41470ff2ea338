"""What may be asked of a campaign: by users, by the mail world, by process managers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Self

from aggregates.command import DEFAULT_POLICY, Command, Context, Policy, Senders
from events.sequence import MailSequence
from events.vocabulary import (
    AccountId,
    CampaignId,
    IncidentId,
    IncidentKind,
    Mode,
    OnAccountTrouble,
    RecipientId,
    RefusalFault,
    SearchResult,
    Signal,
    SlotId,
)


@dataclass(frozen=True, kw_only=True)
class CampaignCommandBase(Command):
    aggregate: ClassVar[str] = "campaign"
    campaign_id: CampaignId

    @property
    def aggregate_id(self) -> CampaignId:
        return self.campaign_id


@dataclass(frozen=True, kw_only=True)
class WithSenders(CampaignCommandBase):
    """A command whose answer depends on accounts and on the campaign's slot."""

    senders: Senders = Senders()

    def in_context(self, context: Context) -> Self:
        slot_id = context.slot_of(self.campaign_id)
        return replace(self, senders=context.senders(slot_id, self._accounts()))

    def _accounts(self) -> Sequence[AccountId]:
        """Accounts that the answer depends on, besides the slot's."""
        return ()


@dataclass(frozen=True, kw_only=True)
class WithAccount(WithSenders):
    account_id: AccountId

    def _accounts(self) -> Sequence[AccountId]:
        return (self.account_id,)


@dataclass(frozen=True, kw_only=True)
class WithPolicy(WithSenders):
    """P1, P3: whether an account in trouble holds the campaign back is a matter of policy."""

    policy: Policy = DEFAULT_POLICY

    def in_context(self, context: Context) -> Self:
        return replace(super().in_context(context), policy=context.policy)


@dataclass(frozen=True, kw_only=True)
class CreateCampaign(WithSenders):
    """A single-sender campaign has a slot, a rotation campaign its accounts (``ValueError``)."""

    mode: Mode
    slot_id: SlotId | None = None
    account_ids: tuple[AccountId, ...] = ()
    recipient_ids: tuple[RecipientId, ...] = ()
    suppressed: frozenset[RecipientId] = frozenset()
    mail_id: str | None = None
    """M2: drawn at random for a campaign that is to send by itself."""

    def __post_init__(self) -> None:
        single = self.mode is Mode.SINGLE
        if single != (self.slot_id is not None) or (single and self.account_ids):
            raise ValueError(f"a {self.mode} campaign cannot have this slot or these accounts")

    def in_context(self, context: Context) -> Self:
        return replace(
            self,
            senders=context.senders(self.slot_id, self.account_ids),
            suppressed=self.suppressed | context.suppressed(self.recipient_ids),
        )


@dataclass(frozen=True, kw_only=True)
class SetSequence(CampaignCommandBase):
    """What the campaign sends by itself. Its ``mail_id`` is that of the campaign's
    creation; where that had none, the first one given is kept (M2)."""

    sequence: MailSequence


@dataclass(frozen=True, kw_only=True)
class ImportRecipients(CampaignCommandBase):
    recipient_ids: tuple[RecipientId, ...]
    suppressed: frozenset[RecipientId] = frozenset()
    """M7: whoever brings the command may name more of them, by domain."""

    def in_context(self, context: Context) -> Self:
        more = context.suppressed(self.recipient_ids)
        return replace(self, suppressed=self.suppressed | more) if more else self


@dataclass(frozen=True, kw_only=True)
class StartCampaign(WithPolicy):
    pass


@dataclass(frozen=True, kw_only=True)
class PauseCampaign(CampaignCommandBase):
    pass


@dataclass(frozen=True, kw_only=True)
class ResumeCampaign(WithPolicy):
    """P3. ``without``: accounts whose hour runs and that the user knowingly goes on without."""

    without: frozenset[AccountId] = frozenset()
    unless_paused_by_user: bool = False
    """P2: for whoever resumes many at once and did not mean what somebody paused."""


@dataclass(frozen=True, kw_only=True)
class AddSender(WithAccount):
    pass


@dataclass(frozen=True, kw_only=True)
class RemoveSender(CampaignCommandBase):
    """S10. ``confirmed``: the number of contacted recipients the user was shown."""

    account_id: AccountId
    confirmed: int | None = None


@dataclass(frozen=True, kw_only=True)
class AboutSender(CampaignCommandBase):
    """A process manager's command about one account of the campaign."""

    account_id: AccountId


@dataclass(frozen=True, kw_only=True)
class PauseForConnection(AboutSender):
    on_account_trouble: OnAccountTrouble


@dataclass(frozen=True, kw_only=True)
class ClearPauseCause(AboutSender):
    pass


@dataclass(frozen=True, kw_only=True)
class ReplaceSender(AboutSender):
    pass


@dataclass(frozen=True, kw_only=True)
class RemoveDisconnectedSender(AboutSender):
    incident_id: IncidentId


@dataclass(frozen=True, kw_only=True)
class StartClock(AboutSender):
    incident_id: IncidentId
    kind: IncidentKind
    started_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, kw_only=True)
class CureClock(AboutSender):
    """C5, C6. ``at`` is the moment the successful check counts as of."""


@dataclass(frozen=True, kw_only=True)
class CureLostClock(AboutSender):
    """M6: the account works, and what cured it in time may be lost."""

    taken_when_fenced: ClassVar[bool] = True
    incident_id: IncidentId


@dataclass(frozen=True, kw_only=True)
class SupersedeClock(AboutSender):
    superseded_by: IncidentId


@dataclass(frozen=True, kw_only=True)
class ExpireClock(AboutSender):
    """S3. ``at`` is the deadline that has passed, however late this is."""

    incident_id: IncidentId


@dataclass(frozen=True, kw_only=True)
class AboutRecipient(CampaignCommandBase):
    recipient_id: RecipientId


@dataclass(frozen=True, kw_only=True)
class AssignRecipient(AboutRecipient):
    account_id: AccountId


@dataclass(frozen=True, kw_only=True)
class ReserveSend(WithAccount):
    """A message that somebody composed for himself; the engine plans nothing about it."""

    recipient_id: RecipientId
    send_id: str


@dataclass(frozen=True, kw_only=True)
class ReserveStep(WithAccount):
    """The next message of the sequence: M2-M4, M7 say whether it may leave now.

    ``inbox_read_until``: up to when the account's inbox was read. The event names the message.
    """

    recipient_id: RecipientId
    step: str
    inbox_read_until: datetime | None = None
    policy: Policy = DEFAULT_POLICY
    suppressed: bool = False
    """M7: whoever brings the command may know it, by domain."""
    contacted_elsewhere: bool = False

    def in_context(self, context: Context) -> Self:
        return replace(
            super().in_context(context),
            policy=context.policy,
            suppressed=self.suppressed or bool(context.suppressed((self.recipient_id,))),
            contacted_elsewhere=context.contacted_elsewhere(self.campaign_id, self.recipient_id),
        )


@dataclass(frozen=True, kw_only=True)
class RecordOutcome(AboutRecipient):
    taken_when_fenced: ClassVar[bool] = True
    send_id: str
    policy: Policy = DEFAULT_POLICY

    def in_context(self, context: Context) -> Self:
        return replace(self, policy=context.policy)


@dataclass(frozen=True, kw_only=True)
class RecordAccepted(RecordOutcome):
    pass


@dataclass(frozen=True, kw_only=True)
class RecordUnknown(RecordOutcome):
    pass


@dataclass(frozen=True, kw_only=True)
class RecordRefused(RecordOutcome):
    fault: RefusalFault
    address_unknown: bool = False
    """M7: there is no such address."""
    told_until: datetime | None = None
    """M8: until when the provider wants to hear nothing more from the account."""


@dataclass(frozen=True, kw_only=True)
class RecordSentFolderSearch(RecordOutcome):
    """What a search showed. Of an accepted message, ``found`` proves that the search works (M2)."""

    result: SearchResult
    proves: bool = False
    """An accepted message was found in that account's Sent folder before."""

    def in_context(self, context: Context) -> Self:
        about = self.campaign_id, self.recipient_id, self.send_id
        return replace(super().in_context(context), proves=context.search_proves(*about))


@dataclass(frozen=True, kw_only=True)
class RecordLostSend(AboutRecipient):
    """M6: what the Sent folders say of the next message, of which the store knows nothing: it was
    sent (``found``), or nobody can tell (``inconclusive``)."""

    taken_when_fenced: ClassVar[bool] = True
    account_id: AccountId
    step: str
    result: SearchResult


@dataclass(frozen=True, kw_only=True)
class RecordSignal(AboutRecipient):
    """A reply, a bounce, an unsubscribe, or the end of the sequence: ``signal`` is the status."""

    taken_when_fenced: ClassVar[bool] = True
    signal: Signal
    address_unknown: bool = False
    """M7: it bounced because there is no such address."""
    policy: Policy = DEFAULT_POLICY

    def in_context(self, context: Context) -> Self:
        return replace(self, policy=context.policy)


@dataclass(frozen=True, kw_only=True)
class RecordComplaint(AboutRecipient):
    """M7: the recipient told the provider that the message was unwanted (RFC 5965)."""

    taken_when_fenced: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class FinishRecipient(AboutRecipient):
    """M4: the sequence is over. ``inbox_read_until``: up to when the sender's inbox was read."""

    inbox_read_until: datetime


@dataclass(frozen=True, kw_only=True)
class RecordAutoReply(AboutRecipient):
    taken_when_fenced: ClassVar[bool] = True
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EndHold(AboutRecipient):
    pass


CommandToExisting = (
    SetSequence
    | ImportRecipients
    | StartCampaign
    | PauseCampaign
    | ResumeCampaign
    | AddSender
    | RemoveSender
    | PauseForConnection
    | ClearPauseCause
    | ReplaceSender
    | RemoveDisconnectedSender
    | StartClock
    | CureClock
    | CureLostClock
    | SupersedeClock
    | ExpireClock
    | AssignRecipient
    | ReserveSend
    | ReserveStep
    | RecordAccepted
    | RecordUnknown
    | RecordRefused
    | RecordSentFolderSearch
    | RecordLostSend
    | RecordSignal
    | RecordAutoReply
    | RecordComplaint
    | FinishRecipient
    | EndHold
)
CampaignCommand = CreateCampaign | CommandToExisting
