"""What one workspace sends next, kept up to date with its log."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple, TypeVar

from aggregates.campaign.commands import FinishRecipient, RecordUnknown, ReserveStep
from engine.cache import Earlier
from engine.command_context import Look, Neighbours
from engine.engine import Engine
from engine.gc_pause import freeze_survivors
from engine.planning.planner import Plan, Planner
from engine.recalled import NotRecalled
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.mailbox_of import mailbox_of
from engine.work.ports import Mailbox, Person
from events.recipient import RecipientForgotten
from events.recorded import Recorded
from events.sequence import MailSequence
from events.vocabulary import AccountId, RecipientId, Settings

T = TypeVar("T")


class Draft(NamedTuple):
    """Everything that the law knows of a message to be written."""

    plan: Plan
    sequence: MailSequence
    done: Sequence[str]
    """Steps that the recipient has already received."""
    settings: Settings
    mailbox: Mailbox
    person: Person | None = None
    """None if the directory no longer knows the recipient."""


class Dispatch:
    """Safe to share between threads."""

    def __init__(self, engine: Engine, workspace: str, inboxes: WorkspaceInboxes) -> None:
        self.workspace = workspace
        self._engine, self._inboxes = engine, inboxes
        self._lock = Lock()
        self._read = Earlier()
        self._forgotten: set[RecipientId] = set()
        self.begin()
        freeze_survivors()

    def begin(self) -> None:
        """Plan anew from what is recorded, for instance after an error."""
        with self._lock, self._engine.look(self.workspace, self._read) as now:
            self._since = now.after
            self._planner = Planner(self._engine.policy)
            self._planner.begin(now)

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """Take in events of the workspace; taking in the same ones twice is harmless."""
        news = [each.event for each in recorded if each.position > self._since]
        self._read.followed.update((each.stream_id, each.version) for each in recorded)
        if news:
            gone = (each.recipient_id for each in news if isinstance(each, RecipientForgotten))
            self._forgotten.update(gone)
            with self._lock, self._engine.look(self.workspace, self._read) as now:
                self._planner.follow(now, news)

    def follow_own(self, recorded: Sequence[Recorded]) -> None:
        """Take in events that this engine has just recorded."""
        self._ask(lambda now: self._planner.follow(now, [each.event for each in recorded]))

    def wakes_at(self, after: datetime) -> datetime | None:
        """When the next message may be due, later than ``after``; None if none is until something
        happens."""
        return self._ask(lambda now: self._planner.wakes_at(now, after))

    def senders(self) -> Sequence[AccountId]:
        return self._ask(self._planner.senders)

    def has_next(self, account_id: AccountId) -> bool:
        """Whether there is anything that the account may send now."""
        at = self._engine.store.now()
        return self._ask(lambda now: self._planned(now, account_id, at)) is not None

    def next_from(self, account_id: AccountId, at: datetime) -> Draft | None:
        """The next message. Its recipient is reserved for the caller until ``bring_back``, or until
        an event about the recipient arrives."""

        def planned(now: Neighbours) -> Draft | None:
            plan = self._planned(now, account_id, at)
            if plan is None:
                return None
            self._planner.set_aside(now, plan)
            return _draft(now, plan)

        return self._ask(planned)

    def _planned(self, now: Neighbours, account_id: AccountId, at: datetime) -> Plan | None:
        """The next plan; also None while the store is fenced (M6)."""
        if self._engine.fence.closed() is not None:
            return None
        read_until = self._inboxes.read_until(account_id)
        return self._planner.next_from(now, account_id, at, read_until)

    def is_forgotten(self, recipient_id: RecipientId) -> bool:
        """F1: whether the recipient was forgotten after the draft's name and address were read,
        which may be one message ago."""
        return recipient_id in self._forgotten

    def bring_back(self, plan: Plan) -> None:
        """Plan the recipient again: nothing was reserved."""
        self._ask(lambda now: self._planner.bring_back(now, plan))

    def refused(self, plan: Plan) -> None:
        """Note that the law refused the reservation for this recipient."""
        with self._lock, self._engine.look(self.workspace, self._read) as now:
            read_until = self._inboxes.read_until(plan.account_id)
            self._planner.refused(now, plan, now.now, read_until)

    def _ask(self, ask: Callable[[Neighbours], T]) -> T:
        """Ask the state in memory, or else the store."""
        with self._lock:
            try:
                return ask(self._engine.recall(self.workspace, self._read))
            except NotRecalled:
                with self._engine.look(self.workspace, self._read) as now:
                    return ask(now)

    def finished(self) -> list[FinishRecipient]:
        """M4: the recipients whose sequence is over, each once."""
        with self._lock, self._engine.look(self.workspace, self._read) as now:
            return [
                FinishRecipient(
                    campaign_id=each.campaign_id,
                    recipient_id=each.recipient_id,
                    inbox_read_until=each.inbox_read_until,
                )
                for each in self._planner.endings(now, now.now, self._inboxes)
            ]

    def reservation(self, plan: Plan) -> ReserveStep:
        return ReserveStep(
            campaign_id=plan.campaign_id,
            recipient_id=plan.recipient_id,
            account_id=plan.account_id,
            step=plan.step,
            inbox_read_until=self._inboxes.read_until(plan.account_id),
        )


def _draft(now: Neighbours, plan: Plan) -> Draft:
    campaign, account = now.campaign(plan.campaign_id), now.account(plan.account_id)
    assert campaign.sequence is not None
    done = campaign.recipients[plan.recipient_id].progress.done
    return Draft(plan, campaign.sequence, done, account.settings, mailbox_of(account))


def left_over(now: Look, account_id: AccountId | None = None) -> Iterator[RecordUnknown]:
    """M2: planned messages on their way, through this account or any. If the process that reserved
    them is gone, their outcome is unknown."""
    for campaign in now.campaigns():
        for recipient_id, recipient in campaign.recipients.items():
            sending = recipient.sending
            if sending is None or sending.step is None:
                continue
            if account_id in {None, sending.account_id}:
                yield RecordUnknown(
                    campaign_id=campaign.id, recipient_id=recipient_id, send_id=sending.send_id
                )
