"""Who is next? One workspace's plan, kept by following its log (M3, M4, M7).

Follow-ups come before first messages, in order of when they fell due; of first messages those of
the campaign that sent least today. The same states give the same plan.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from aggregates.calendar import day_of
from aggregates.campaign import Campaign
from aggregates.campaign.state import next_step
from aggregates.command import Policy
from aggregates.email_account import EmailAccount
from aggregates.email_account import pace as account_pace
from aggregates.waiting import soonest
from engine.command_context import Neighbours, contacted_elsewhere
from engine.planning.agenda import LONG_AGO, Agenda, Head, Kind, place_of
from engine.planning.senders import constraints, may_send, senders_of
from events.base import Event
from events.campaign import (
    CampaignCreated,
    CampaignEventBase,
    EmailRefused,
    RecipientEvent,
    SequenceSet,
)
from events.vocabulary import AccountId, CampaignId, CampaignStatus, RecipientId, Waiting


class Inboxes(Protocol):
    """How far inboxes have been read (M4)."""

    def read_until(self, account_id: AccountId) -> datetime | None:
        """None for one that never was."""
        ...

    def read_again(self, account_id: AccountId) -> datetime | None:
        """When it will be read next, where that is known."""
        ...


class Plan(NamedTuple):
    account_id: AccountId
    campaign_id: CampaignId
    recipient_id: RecipientId
    step: str


class Ending(NamedTuple):
    """The sequence is over for the recipient since then."""

    campaign_id: CampaignId
    recipient_id: RecipientId
    due: datetime
    inbox_read_until: datetime


_Candidate = tuple[int, datetime, int, CampaignId, RecipientId]
"""What comes first is smallest."""


def is_fresh(account: EmailAccount, read_until: datetime | None, at: datetime, by: Policy) -> bool:
    """M4: what arrived for the account has been seen."""
    if read_until is None or read_until < at - by.freshness:
        return False
    return account.connected_at is None or read_until >= account.connected_at


class Planner:
    """Not safe to share between threads. ``workspace`` comes in as it stands at each call."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._agendas: dict[CampaignId, Agenda] = {}
        self._closed: dict[CampaignId, datetime] = {}
        """Campaigns that send nothing before then."""
        self._elsewhere: dict[RecipientId, set[CampaignId]] = {}
        """Whom exclusive campaigns leave alone for now."""

    def begin(self, workspace: Neighbours) -> None:
        """Take in the workspace as it stands."""
        for campaign in workspace.campaigns():
            self._follow(campaign, ())

    def set_aside(self, workspace: Neighbours, plan: Plan) -> None:
        """Nothing can be written to this recipient, as long as nothing happens to them."""
        campaign = workspace.campaign(plan.campaign_id)
        place = place_of(campaign, campaign.recipients[plan.recipient_id])
        if place is not None and plan.campaign_id in self._agendas:
            agenda = self._agendas[plan.campaign_id]
            head = agenda.head(campaign, place.kind, place.sender)
            if head is not None and head[1] == plan.recipient_id:
                agenda.postpone(place.kind, place.sender)

    def follow(self, workspace: Neighbours, events: Iterable[Event]) -> None:
        """Take in what was recorded in the workspace, which stands after it."""
        touched: dict[CampaignId, dict[RecipientId, None]] = {}
        for event in events:
            if isinstance(event, RecipientEvent):
                touched.setdefault(event.campaign_id, {})[event.recipient_id] = None
                for other in self._elsewhere.pop(event.recipient_id, ()):
                    touched.setdefault(other, {})[event.recipient_id] = None
            if isinstance(event, SequenceSet | CampaignCreated):
                self._agendas.pop(event.campaign_id, None)
            if isinstance(event, SequenceSet | EmailRefused):
                self._closed.pop(event.campaign_id, None)
            if isinstance(event, CampaignEventBase):
                touched.setdefault(event.campaign_id, {})
        for campaign_id, recipients in touched.items():
            self._follow(workspace.campaign(campaign_id), recipients)

    def _follow(self, campaign: Campaign, recipients: Iterable[RecipientId]) -> None:
        if campaign.sequence is None:
            return
        agenda = self._agendas.get(campaign.id)
        if agenda is None:
            self._agendas[campaign.id] = Agenda(campaign)
        else:
            agenda.follow(campaign, [each for each in recipients if each in campaign.recipients])

    def senders(self, workspace: Neighbours) -> list[AccountId]:
        """Accounts through which anything may be sent, in order of their address."""
        found: dict[AccountId, None] = {}
        for campaign in self._under_way(workspace):
            found.update(dict.fromkeys(senders_of(workspace, campaign)))
        return sorted(found)

    def next_from(
        self,
        workspace: Neighbours,
        account_id: AccountId,
        at: datetime,
        read_until: datetime | None,
    ) -> Plan | None:
        """Whom the account writes to now; none when nobody may be written to through it."""
        account = workspace.account(account_id)
        if soonest(at, account_pace.constraints(account)) is not None:
            return None
        fresh = is_fresh(account, read_until, at, self._policy)
        candidates = sorted(self._candidates(workspace, account_id, at, fresh=fresh))
        for _, _, _, campaign_id, recipient_id in candidates:
            campaign = workspace.campaign(campaign_id)
            assert campaign.sequence is not None
            recipient = campaign.recipients[recipient_id]
            step = next_step(campaign.sequence, recipient.progress)
            assert step is not None
            wait = soonest(at, constraints(account, campaign, recipient, step))
            if wait is None:
                return Plan(account_id, campaign_id, recipient_id, step.name)
            if wait.at is not None and wait.reason in (Waiting.WINDOW, Waiting.LIMIT):
                self._closed[campaign_id] = wait.at
        return None

    def endings(self, workspace: Neighbours, at: datetime, inboxes: Inboxes) -> Iterator[Ending]:
        """M4: for whom the sequence is over, as far as inboxes have been read; each is told once,
        and again only after something happened to the recipient."""
        for campaign_id, agenda in self._agendas.items():
            campaign = workspace.campaign(campaign_id)
            for sender in agenda.senders(Kind.END):
                read = _read_until(workspace, campaign, sender, inboxes)
                while (head := agenda.head(campaign, Kind.END, sender)) is not None:
                    if head[0] is None or read is None or head[0] > min(at, read):
                        break
                    agenda.postpone(Kind.END, sender)
                    yield Ending(campaign_id, head[1], head[0], read)

    def wakes_at(self, workspace: Neighbours, after: datetime) -> datetime | None:
        """When somebody may be due next, later than ``after``; none as long as nothing happens."""
        found = (each for each in self._moments(workspace, after) if each > after)
        return min(found, default=None)

    def _under_way(self, workspace: Neighbours) -> Iterator[Campaign]:
        for campaign_id in self._agendas:
            campaign = workspace.campaign(campaign_id)
            if campaign.status is CampaignStatus.RUNNING and campaign.open:
                yield campaign

    def _candidates(
        self, workspace: Neighbours, account_id: AccountId, at: datetime, *, fresh: bool
    ) -> Iterator[_Candidate]:
        for campaign in self._under_way(workspace):
            if self._closed.get(campaign.id, at) > at:
                continue
            if not may_send(workspace, campaign, account_id):
                continue
            sender = account_id if campaign.rotates else None
            later = self._agendas[campaign.id].head(campaign, Kind.LATER, sender)
            if fresh and later is not None and _is_due(later, at):
                yield 0, later[0] or LONG_AGO, 0, campaign.id, later[1]
                continue
            first = self._first(workspace, campaign, account_id, at)
            if first is not None and first[0] is not None:
                yield 0, first[0], 0, campaign.id, first[1]
            elif first is not None:
                yield 1, LONG_AGO, _used(campaign, at), campaign.id, first[1]

    def _first(
        self, workspace: Neighbours, campaign: Campaign, account_id: AccountId, at: datetime
    ) -> Head | None:
        agenda = self._agendas[campaign.id]
        for kind, sender in _firsts(account_id if campaign.rotates else None):
            while (head := agenda.head(campaign, kind, sender)) is not None and _is_due(head, at):
                if not contacted_elsewhere(workspace, campaign, head[1]):
                    return head
                left = agenda.postpone(kind, sender)
                self._elsewhere.setdefault(left, set()).add(campaign.id)
        return None

    def _moments(self, workspace: Neighbours, after: datetime) -> Iterator[datetime]:
        for campaign_id, agenda in self._agendas.items():
            campaign = workspace.campaign(campaign_id)
            for sender in agenda.senders(Kind.END):
                head = agenda.head(campaign, Kind.END, sender)
                if head is not None and head[0] is not None:
                    yield head[0]
            if campaign.status is not CampaignStatus.RUNNING:
                continue
            for account_id in senders_of(workspace, campaign):
                account = workspace.account(account_id)
                yield from self._sendable(campaign, agenda, account, after)

    def _sendable(
        self, campaign: Campaign, agenda: Agenda, account: EmailAccount, after: datetime
    ) -> Iterator[datetime]:
        own = account.id if campaign.rotates else None
        for kind, sender in ((Kind.LATER, own), *_firsts(own)):
            head = agenda.head(campaign, kind, sender)
            if head is None:
                continue
            recipient = campaign.recipients[head[1]]
            assert campaign.sequence is not None
            step = next_step(campaign.sequence, recipient.progress)
            assert step is not None
            moment = max(after, head[0]) if head[0] else after
            wait = soonest(moment, constraints(account, campaign, recipient, step))
            yield moment if wait is None else wait.at or moment


def _firsts(own: AccountId | None) -> Sequence[tuple[Kind, AccountId | None]]:
    """Where those wait who may hear for the first time: from this account, or from any."""
    senders = (own, None) if own is not None else (None,)
    return [(kind, sender) for kind in (Kind.AGAIN, Kind.FIRST) for sender in senders]


def _is_due(head: Head, at: datetime) -> bool:
    return head[0] is None or head[0] <= at


def _read_until(
    workspace: Neighbours, campaign: Campaign, sender: AccountId | None, inboxes: Inboxes
) -> datetime | None:
    if sender is None and campaign.slot_id is not None:
        sender = workspace.slot(campaign.slot_id).occupant
    return inboxes.read_until(sender) if sender is not None else None


def _used(campaign: Campaign, at: datetime) -> int:
    assert campaign.sequence is not None
    return campaign.day_used if campaign.day == day_of(at, campaign.sequence.zone) else 0
