"""Who is next? One workspace's plan, kept up to date by following its log (M3, M4, M7).

Follow-ups come before first messages, in the order in which they fell due; first messages of the
campaign that has sent least today come first. The same state gives the same plan.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import NamedTuple, Protocol

from aggregates.calendar import day_of
from aggregates.campaign import Campaign
from aggregates.campaign import pace as campaign_pace
from aggregates.campaign.state import next_step
from aggregates.command import Policy
from aggregates.email_account import EmailAccount
from aggregates.email_account import pace as account_pace
from aggregates.waiting import soonest
from engine.command_context import Neighbours, contacted_elsewhere
from engine.planning.agenda import LONG_AGO, Agenda, Kind, place_of
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
        """The moment up to which the inbox has been read; None if it never was."""
        ...

    def read_again(self, account_id: AccountId) -> datetime | None:
        """When the inbox will be read next, if that is known."""
        ...


class Plan(NamedTuple):
    account_id: AccountId
    campaign_id: CampaignId
    recipient_id: RecipientId
    step: str


class Ending(NamedTuple):
    """A recipient whose sequence is over since ``due``."""

    campaign_id: CampaignId
    recipient_id: RecipientId
    due: datetime
    inbox_read_until: datetime


class _Candidate(NamedTuple):
    """A campaign's next recipient. The smallest candidate comes first."""

    rank: int
    due: datetime
    used: int
    campaign_id: CampaignId
    recipient_id: RecipientId
    kind: Kind
    sender: AccountId | None


_Sendable = tuple[EmailAccount, Campaign, RecipientId]


def is_fresh(account: EmailAccount, read_until: datetime | None, at: datetime, by: Policy) -> bool:
    """M4: whether the account's inbox has been read recently enough, and since it was connected."""
    if read_until is None or read_until < at - by.freshness:
        return False
    return account.connected_at is None or read_until >= account.connected_at


class Planner:
    """Plans what to send. Not safe to share between threads. ``workspace`` is given in its present
    state at each call."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._agendas: dict[CampaignId, Agenda] = {}
        self._closed: dict[CampaignId, datetime] = {}
        """Campaigns that send nothing before the given moment."""
        self._elsewhere: dict[RecipientId, set[CampaignId]] = {}
        """Recipients that exclusive campaigns leave alone for now."""

    def begin(self, workspace: Neighbours) -> None:
        """Plan from the workspace's present state."""
        for campaign in workspace.campaigns():
            self._follow(campaign, ())

    def set_aside(self, workspace: Neighbours, plan: Plan) -> None:
        """Take the recipient out of the plan until something happens to them."""
        campaign = workspace.campaign(plan.campaign_id)
        place = place_of(campaign, campaign.recipients[plan.recipient_id])
        if place is not None and plan.campaign_id in self._agendas:
            agenda = self._agendas[plan.campaign_id]
            head = agenda.head(campaign, place.kind, place.sender)
            if head is not None and head[1] == plan.recipient_id:
                agenda.postpone(place.kind, place.sender)

    def bring_back(self, workspace: Neighbours, plan: Plan) -> None:
        """Put the recipient back in the plan, as nothing came of it."""
        self._follow(workspace.campaign(plan.campaign_id), [plan.recipient_id])

    def refused(
        self, workspace: Neighbours, plan: Plan, at: datetime, read_until: datetime | None
    ) -> None:
        """Note that the law refused the plan. A recipient who now waits for another sender or
        moment, or for the inbox to be read, gets another turn; one for whom the same plan would be
        made again is left alone until something happens."""
        campaign, account = workspace.campaign(plan.campaign_id), workspace.account(plan.account_id)
        follows_up = campaign.recipients[plan.recipient_id].emails > 0
        waits = follows_up and not is_fresh(account, read_until, at, self._policy)
        if waits or not self._is_ready(workspace, campaign, plan, at):
            self._follow(campaign, [plan.recipient_id])

    def _is_ready(
        self, workspace: Neighbours, campaign: Campaign, plan: Plan, at: datetime
    ) -> bool:
        recipient, sequence = campaign.recipients[plan.recipient_id], campaign.sequence
        step = next_step(sequence, recipient.progress) if sequence else None
        if step is None or campaign_pace.obstacle(campaign, recipient) is not None:
            return False
        if not may_send(workspace, campaign, plan.account_id):
            return False
        account = workspace.account(plan.account_id)
        return soonest(at, constraints(account, campaign, recipient, step)) is None

    def follow(self, workspace: Neighbours, events: Iterable[Event]) -> None:
        """Take in what was recorded. ``workspace`` must be in the state after these events."""
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
        """Accounts through which anything may be sent, in order of address."""
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
        """The account's next message; None if nothing may be sent through it now."""
        account = workspace.account(account_id)
        if soonest(at, account_pace.constraints(account)) is not None:
            return None
        fresh = is_fresh(account, read_until, at, self._policy)
        sending = [each for each in self._under_way(workspace) if self._is_open(each, at)]
        found = (
            self._candidate(campaign, account_id, at, fresh=fresh)
            for campaign in sending
            if may_send(workspace, campaign, account_id)
        )
        candidates = [each for each in found if each is not None]
        heapify(candidates)
        while candidates:
            first = heappop(candidates)
            campaign = workspace.campaign(first.campaign_id)
            if self._leaves_alone(workspace, campaign, first):
                following = self._candidate(campaign, account_id, at, fresh=fresh)
                if following is not None:
                    heappush(candidates, following)
                continue
            plan = self._planned(campaign, account_id, first.recipient_id, at)
            if plan is not None:
                return plan
        return None

    def _planned(
        self, campaign: Campaign, account_id: AccountId, recipient_id: RecipientId, at: datetime
    ) -> Plan | None:
        assert campaign.sequence is not None
        recipient = campaign.recipients[recipient_id]
        step = next_step(campaign.sequence, recipient.progress)
        assert step is not None
        wait = soonest(at, campaign_pace.constraints(campaign, recipient, step))
        if wait is None:
            return Plan(account_id, campaign.id, recipient_id, step.name)
        if wait.at is not None and wait.reason in (Waiting.WINDOW, Waiting.LIMIT):
            self._closed[campaign.id] = wait.at
        return None

    def endings(self, workspace: Neighbours, at: datetime, inboxes: Inboxes) -> Iterator[Ending]:
        """M4: recipients whose sequence is over, as far as inboxes have been read. Each is returned
        once, and again only after something has happened to the recipient."""
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
        """When the next recipient may be due, later than ``after``; None if nobody will be until
        something happens."""
        first: datetime | None = None
        for earliest, sendable in sorted(self._moments(workspace, after), key=itemgetter(0)):
            if first is not None and first <= earliest:
                break
            moment = _sent_at(earliest, *sendable) if sendable else earliest
            if moment > after and (first is None or moment < first):
                first = moment
        return first

    def _under_way(self, workspace: Neighbours) -> Iterator[Campaign]:
        for campaign_id in self._agendas:
            campaign = workspace.campaign(campaign_id)
            if campaign.status is CampaignStatus.RUNNING and campaign.open:
                yield campaign

    def _is_open(self, campaign: Campaign, at: datetime) -> bool:
        return self._closed.get(campaign.id, at) <= at

    def _candidate(
        self, campaign: Campaign, account_id: AccountId, at: datetime, *, fresh: bool
    ) -> _Candidate | None:
        agenda, own = self._agendas[campaign.id], account_id if campaign.rotates else None
        followed_up = ((Kind.LATER, own),) if fresh else ()
        for kind, sender in (*followed_up, *_firsts(own)):
            head = agenda.head(campaign, kind, sender)
            if head is None or (head[0] is not None and head[0] > at):
                continue
            about = campaign.id, head[1], kind, sender
            if kind is Kind.FIRST:
                return _Candidate(1, LONG_AGO, _used(campaign, at), *about)
            return _Candidate(0, head[0] or LONG_AGO, 0, *about)
        return None

    def _leaves_alone(self, workspace: Neighbours, campaign: Campaign, first: _Candidate) -> bool:
        """M7: whether this campaign is exclusive, and another one writes to the recipient."""
        if first.kind is Kind.LATER:
            return False
        if not contacted_elsewhere(workspace, campaign, first.recipient_id):
            return False
        left = self._agendas[campaign.id].postpone(first.kind, first.sender)
        self._elsewhere.setdefault(left, set()).add(campaign.id)
        return True

    def _moments(
        self, workspace: Neighbours, after: datetime
    ) -> Iterator[tuple[datetime, _Sendable | None]]:
        """Endings, and who may be written to then at the earliest."""
        for campaign_id, agenda in self._agendas.items():
            campaign = workspace.campaign(campaign_id)
            for sender in agenda.senders(Kind.END):
                head = agenda.head(campaign, Kind.END, sender)
                if head is not None and head[0] is not None:
                    yield head[0], None
            if campaign.status is not CampaignStatus.RUNNING:
                continue
            for account_id in senders_of(workspace, campaign):
                own = account_id if campaign.rotates else None
                for kind, sender in ((Kind.LATER, own), *_firsts(own)):
                    head = agenda.head(campaign, kind, sender)
                    if head is not None:
                        about = workspace.account(account_id), campaign, head[1]
                        yield max(after, head[0] or after), about


def _sent_at(
    earliest: datetime, account: EmailAccount, campaign: Campaign, recipient_id: RecipientId
) -> datetime:
    recipient, sequence = campaign.recipients[recipient_id], campaign.sequence
    step = next_step(sequence, recipient.progress) if sequence else None
    assert step is not None
    wait = soonest(earliest, constraints(account, campaign, recipient, step))
    return earliest if wait is None else wait.at or earliest


def _firsts(own: AccountId | None) -> Sequence[tuple[Kind, AccountId | None]]:
    """The places of recipients who may get their first message from this account, or from any."""
    senders = (own, None) if own is not None else (None,)
    return [(kind, sender) for kind in (Kind.AGAIN, Kind.FIRST) for sender in senders]


def _read_until(
    workspace: Neighbours, campaign: Campaign, sender: AccountId | None, inboxes: Inboxes
) -> datetime | None:
    if sender is None and campaign.slot_id is not None:
        sender = workspace.slot(campaign.slot_id).occupant
    return inboxes.read_until(sender) if sender is not None else None


def _used(campaign: Campaign, at: datetime) -> int:
    assert campaign.sequence is not None
    return campaign.day_used if campaign.day == day_of(at, campaign.sequence.zone) else 0
