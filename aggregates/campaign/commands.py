"""The commands for a campaign: from users, from the mail world and from process managers."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple, Self

from aggregates.changed import changed
from aggregates.command import Command, Context, Senders, WithPolicy
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


class CampaignCommandBase(Command):
    aggregate: ClassVar[str] = "campaign"
    campaign_id: CampaignId

    @property
    def aggregate_id(self) -> CampaignId:
        return self.campaign_id


class WithSenders(CampaignCommandBase):
    """A command whose decision depends on accounts and on the campaign's slot."""

    senders: Senders = Senders()

    def in_context(self, context: Context) -> Self:
        slot_id = context.slot_of(self.campaign_id)
        return changed(self, senders=context.senders(slot_id, self._accounts(context)))

    def _accounts(self, _context: Context) -> Sequence[AccountId]:
        """The accounts that the decision depends on, besides the slot's."""
        return ()


class WithAccount(WithSenders):
    account_id: AccountId

    def _accounts(self, _context: Context) -> Sequence[AccountId]:
        return (self.account_id,)


class CreateCampaign(WithSenders):
    """A single-sender campaign has a slot, a rotation campaign accounts (else ``ValueError``)."""

    mode: Mode
    slot_id: SlotId | None = None
    account_ids: tuple[AccountId, ...] = ()
    recipient_ids: tuple[RecipientId, ...] = ()
    suppressed: frozenset[RecipientId] = frozenset()
    mail_id: str | None = None
    """M2: drawn at random if the campaign is to send by itself."""

    def __post_init__(self) -> None:
        single = self.mode is Mode.SINGLE
        if single != (self.slot_id is not None) or (single and self.account_ids):
            raise ValueError(f"a {self.mode} campaign cannot have this slot or these accounts")

    def in_context(self, context: Context) -> Self:
        return changed(
            self,
            senders=context.senders(self.slot_id, self.account_ids),
            suppressed=self.suppressed | context.suppressed(self.recipient_ids),
        )


class SetSequence(CampaignCommandBase):
    """What the campaign sends by itself. Its ``mail_id`` is that of the campaign's creation; if
    that had none, the first one given is kept (M2)."""

    sequence: MailSequence


class ImportRecipients(CampaignCommandBase):
    recipient_ids: tuple[RecipientId, ...]
    suppressed: frozenset[RecipientId] = frozenset()
    """M7: those who are suppressed; the caller may name more of them, by domain."""

    def in_context(self, context: Context) -> Self:
        more = context.suppressed(self.recipient_ids)
        return changed(self, suppressed=self.suppressed | more) if more else self


class Past(NamedTuple):
    """What another program sent to a recipient, and the outcome there."""

    recipient_id: RecipientId
    account_id: AccountId | None = None
    step: str | None = None
    """The last step received; None for a recipient who heard from nobody."""
    received_at: datetime | None = None
    """None if unknown; then the delay counts from the import."""
    ended: Signal | None = None


class MigrateRecipients(WithSenders):
    """An import of people with their past (S4, M1, M2, M5, M7). Known ones are skipped."""

    people: tuple[Past, ...]
    suppressed: frozenset[RecipientId] = frozenset()

    def in_context(self, context: Context) -> Self:
        more = context.suppressed(each.recipient_id for each in self.people)
        return changed(super().in_context(context), suppressed=self.suppressed | more)


class WithEverySender(WithPolicy, WithSenders):
    """P1, P3: the policy decides whether an account in trouble holds the campaign back. Whether it
    is connected its own status tells: after a late cure the clock may still wait for a check (C6).
    """

    def _accounts(self, context: Context) -> Sequence[AccountId]:
        return context.from_email(self.campaign_id)


class StartCampaign(WithEverySender):
    pass


class PauseCampaign(CampaignCommandBase):
    pass


class ResumeCampaign(WithEverySender):
    """P3. ``without``: accounts whose hour runs and without which the user knowingly resumes."""

    without: frozenset[AccountId] = frozenset()
    unless_paused_by_user: bool = False
    """P2: for resuming many campaigns at once, without those that a user paused."""


class AddSender(WithAccount):
    pass


class RemoveSender(CampaignCommandBase):
    """S10. ``confirmed``: the number of contacted recipients that the user was shown."""

    account_id: AccountId
    confirmed: int | None = None


class AboutSender(CampaignCommandBase):
    """A process manager's command about one account of the campaign."""

    account_id: AccountId


class PauseForConnection(AboutSender):
    on_account_trouble: OnAccountTrouble


class ClearPauseCause(AboutSender):
    pass


class ReplaceSender(AboutSender):
    pass


class RemoveDisconnectedSender(AboutSender):
    incident_id: IncidentId


class StartClock(AboutSender):
    incident_id: IncidentId
    kind: IncidentKind
    started_at: datetime
    deadline_at: datetime


class CureClock(AboutSender):
    """C5, C6. ``at`` is the moment as of which the successful check counts."""


class CureLostClock(AboutSender):
    """M6: the account works, and the record of what cured it in time may be lost."""

    taken_when_fenced: ClassVar[bool] = True
    incident_id: IncidentId


class SupersedeClock(AboutSender):
    superseded_by: IncidentId


class ExpireClock(AboutSender):
    """S3. ``at`` is the deadline that has passed, however late the command is decided."""

    incident_id: IncidentId


class AboutRecipient(CampaignCommandBase):
    recipient_id: RecipientId


class AssignRecipient(AboutRecipient):
    account_id: AccountId


class ReserveSend(WithAccount):
    """A message that somebody wrote himself; the engine plans nothing about it."""

    recipient_id: RecipientId
    send_id: str


class ReserveStep(WithPolicy, WithAccount):
    """The next message of the sequence; M2-M4, M7 decide whether it may leave now.

    ``inbox_read_until``: up to when the account's inbox was read. The event names the message.
    """

    recipient_id: RecipientId
    step: str
    inbox_read_until: datetime | None = None
    suppressed: bool = False
    """M7: whether the recipient is suppressed; the caller may know that it is, by domain."""
    contacted_elsewhere: bool = False

    def in_context(self, context: Context) -> Self:
        return changed(
            super().in_context(context),
            suppressed=self.suppressed or bool(context.suppressed((self.recipient_id,))),
            contacted_elsewhere=context.contacted_elsewhere(self.campaign_id, self.recipient_id),
        )


class RecordOutcome(WithPolicy, AboutRecipient):
    taken_when_fenced: ClassVar[bool] = True
    send_id: str


class RecordAccepted(RecordOutcome):
    pass


class RecordUnknown(RecordOutcome):
    pass


class RecordRefused(RecordOutcome):
    fault: RefusalFault
    address_unknown: bool = False
    """M7: the address does not exist."""
    told_until: datetime | None = None
    """M8: until when the provider refuses more from the account."""


class RecordSentFolderSearch(RecordOutcome):
    """A search's result. For an accepted message, ``found`` proves that searching works (M2)."""

    result: SearchResult
    proves: bool = False
    """Whether an accepted message was found in that account's Sent folder before."""

    def in_context(self, context: Context) -> Self:
        about = self.campaign_id, self.recipient_id, self.send_id
        return changed(super().in_context(context), proves=context.search_proves(*about))


class RecordLostSend(AboutRecipient):
    """M6: what the Sent folders say about the next message, of which a restored store knows
    nothing. It was sent (``found``), or nobody can tell (``inconclusive``)."""

    taken_when_fenced: ClassVar[bool] = True
    account_id: AccountId
    step: str
    result: SearchResult


class RecordSignal(WithPolicy, AboutRecipient):
    """A reply, a bounce, an unsubscribe, or the sequence's end; ``signal`` is the new status."""

    taken_when_fenced: ClassVar[bool] = True
    signal: Signal
    address_unknown: bool = False
    """M7: it bounced because the address does not exist."""


class RecordComplaint(AboutRecipient):
    """M7: the recipient told the provider that the message was unwanted (RFC 5965)."""

    taken_when_fenced: ClassVar[bool] = True


class FinishRecipient(AboutRecipient):
    """M4: the sequence is over. ``inbox_read_until``: up to when the sender's inbox was read."""

    inbox_read_until: datetime


class RecordAutoReply(AboutRecipient):
    taken_when_fenced: ClassVar[bool] = True
    until: datetime | None = None


class EndHold(AboutRecipient):
    pass


CommandToExisting = (
    SetSequence
    | ImportRecipients
    | MigrateRecipients
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
