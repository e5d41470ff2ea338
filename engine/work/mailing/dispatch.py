"""What one workspace sends next, in step with its log."""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.campaign.commands import FinishRecipient, RecordUnknown, ReserveStep
from engine.command_context import Look
from engine.engine import Engine
from engine.planning.planner import Plan, Planner
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.ports import Mailbox
from events.campaign import RecipientMigrated
from events.recorded import Recorded
from events.sequence import MailSequence
from events.vocabulary import AccountId, Settings


class Draft(NamedTuple):
    """All that the law knows of a message that is to be written."""

    plan: Plan
    sequence: MailSequence
    done: Sequence[str]
    """Steps that the recipient has received."""
    settings: Settings
    mailbox: Mailbox


class Dispatch:
    """Safe to share between threads. Make a new one whenever the workspace's mail becomes this
    process's business: ``left_over`` says what the one before left (M2)."""

    def __init__(self, engine: Engine, workspace: str, inboxes: WorkspaceInboxes) -> None:
        self.workspace = workspace
        self._engine, self._inboxes = engine, inboxes
        self._planner = Planner(engine.policy)
        self._lock = Lock()
        with engine.look(workspace) as now:
            self._since = now.after
            self._planner.begin(now)
            self.left_over = list(_on_their_way(now.campaigns()))

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """Take in events of the workspace, again or anew: the same ones twice do no harm."""
        news = [each.event for each in recorded if each.position > self._since]
        for account_id in {e.account_id for e in news if isinstance(e, RecipientMigrated)}:
            self._inboxes.forget(account_id)
        if news:
            with self._lock, self._engine.look(self.workspace) as now:
                self._planner.follow(now, news)

    def senders(self) -> Sequence[AccountId]:
        with self._lock, self._engine.look(self.workspace) as now:
            return self._planner.senders(now)

    def next_from(self, account_id: AccountId) -> Draft | None:
        """None too as long as the store is fenced (M6)."""
        if self._engine.fence.closed() is not None:
            return None
        read_until = self._inboxes.read_until(account_id)
        with self._lock, self._engine.look(self.workspace) as now:
            plan = self._planner.next_from(now, account_id, now.now, read_until)
            return _draft(now, plan) if plan is not None else None

    def set_aside(self, plan: Plan) -> None:
        """Nothing can be written to this recipient for now."""
        with self._lock, self._engine.look(self.workspace) as now:
            self._planner.set_aside(now, plan)

    def finished(self) -> list[FinishRecipient]:
        """M4: those whose sequence is over; each once."""
        with self._lock, self._engine.look(self.workspace) as now:
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


def _draft(now: Look, plan: Plan) -> Draft:
    campaign, account = now.campaign(plan.campaign_id), now.account(plan.account_id)
    assert campaign.sequence is not None
    done = campaign.recipients[plan.recipient_id].progress.done
    mailbox = Mailbox(account.id, account.credentials)
    return Draft(plan, campaign.sequence, done, account.settings, mailbox)


def _on_their_way(campaigns: Iterable[Campaign]) -> Iterator[RecordUnknown]:
    """M2: whoever reserved these is gone, and nobody knows what became of them."""
    for campaign in campaigns:
        for recipient_id, recipient in campaign.recipients.items():
            sending = recipient.sending
            if sending is not None and sending.step is not None:
                yield RecordUnknown(
                    campaign_id=campaign.id, recipient_id=recipient_id, send_id=sending.send_id
                )
