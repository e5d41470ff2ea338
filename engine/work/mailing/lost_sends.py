"""What was sent in the lost part of a log: the Sent folders are searched (M2, M6).

A message has the same id in any copy of the store, so a store that knows nothing of a message can
still look for it. A message that is found counts as sent; one whose search is inconclusive also
counts as received, and is never sent again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from aggregates.campaign import Campaign, Recipient
from aggregates.campaign.commands import RecordLostSend, RecordSentFolderSearch, RecordUnknown
from aggregates.campaign.pace import due_at, message_key
from aggregates.command import Command
from aggregates.email_account import EmailAccount
from aggregates.email_account.commands import ProveSentSearch
from engine.batch import derived_id
from engine.command_context import Look
from engine.engine import Engine
from engine.reply import Request
from engine.work.mailing.mailbox_of import mailbox_of
from engine.work.ports import Search, Transport
from events.sequence import Step
from events.vocabulary import AccountId, RecipientId, SearchResult

NAME = "reconciliation"
NOTHING = timedelta(0)
TOGETHER = 200
"""Recipients whose results are recorded in one transaction."""


class Asked(NamedTuple):
    """A recipient about whom the lost part may have said more."""

    campaign: Campaign
    recipient_id: RecipientId
    steps: Sequence[Step]
    """The steps that may have been sent since, in order."""
    accounts: Sequence[AccountId]
    """The accounts through which they may have been sent."""

    @property
    def recipient(self) -> Recipient:
        return self.campaign.recipients[self.recipient_id]


def asked(now: Look, since: datetime) -> Iterator[Asked]:
    """All recipients whose next message was due after ``since``, is on its way, or has an unknown
    outcome.

    The campaign's recorded status does not matter: it may have been started in the lost part. A
    first message may have left through any connected account; one that is disconnected has to be
    connected first if it is to be searched.
    """
    for campaign in now.campaigns():
        sequence = campaign.sequence
        if sequence is None:
            continue
        senders = tuple(campaign.lanes) if campaign.rotates else _occupant(now, campaign)
        connected = tuple(each for each in senders if now.account(each).connected)
        for recipient_id, recipient in campaign.recipients.items():
            if recipient.status.terminal:
                continue
            steps = list(_may_have_left(campaign, recipient, since, now.now))
            if steps or _unanswered(recipient):
                own = (recipient.sender,) if recipient.sender else senders
                accounts = own if recipient.emails else connected
                yield Asked(campaign, recipient_id, steps, accounts)


def _may_have_left(
    campaign: Campaign, recipient: Recipient, since: datetime, until: datetime
) -> Iterator[Step]:
    """The steps that may have left by ``until``, if each left as early as its delay allows."""
    assert campaign.sequence is not None
    steps = campaign.sequence.steps
    done = [place for place, step in enumerate(steps) if step.name in recipient.progress.done]
    coming = steps[max(done, default=-1) + 1 :]
    if not coming:
        return
    moment = max(due_at(recipient, coming[0]) or since, since)
    for place, step in enumerate(coming):
        moment += step.after if place else NOTHING
        if moment > until:
            return
        yield step


def _unanswered(recipient: Recipient) -> bool:
    planned = recipient.sending is not None and recipient.sending.step is not None
    return planned or any(each.step and each.answer is None for each in recipient.unknown)


def _occupant(now: Look, campaign: Campaign) -> tuple[AccountId, ...]:
    occupant = now.slot(campaign.slot_id).occupant if campaign.slot_id else None
    return tuple(each for each in dict.fromkeys((occupant, campaign.sender)) if each)


class LostSends:
    """The lost sends of one workspace of a fenced store. To be searched for ten minutes after the
    last moment at which a message of the lost part can have been sent, so that absence may prove
    something (M2).

    ``closed_at``: when the store was fenced. What is recorded of one fenced store is recorded once,
    however often it is searched; what an earlier one lacked is another matter.
    """

    def __init__(
        self, engine: Engine, workspace: str, transport: Transport, actor: str, closed_at: datetime
    ) -> None:
        self._engine, self._workspace = engine, workspace
        self._transport, self._actor = transport, actor
        self._name = (NAME, f"{closed_at:%Y-%m-%dT%H:%M:%S.%f}", workspace)
        self._accounts: dict[AccountId, EmailAccount] = {}
        self._answered: dict[tuple[AccountId, str], Search] = {}

    def search(self, people: Sequence[Asked]) -> Counter[SearchResult]:
        """Record what the folders show; return the number of messages by result."""
        self._prove(people)
        counted = Counter[SearchResult]()
        for first in range(0, len(people), TOGETHER):
            requests = [
                Request(command, derived_id(*self._name, *about), self._actor)
                for each in people[first : first + TOGETHER]
                for command, about in self._answers(each, counted)
            ]
            self._engine.execute_page(self._workspace, requests)
        return counted

    def _answers(
        self, each: Asked, counted: Counter[SearchResult]
    ) -> Iterator[tuple[Command, tuple[str, ...]]]:
        ids: dict[str, Any] = {"campaign_id": each.campaign.id, "recipient_id": each.recipient_id}
        name = (each.campaign.id, each.recipient_id)
        recipient, sequence = each.recipient, each.campaign.sequence
        assert sequence is not None
        sending = recipient.sending
        if sending is not None and sending.step is not None:
            yield RecordUnknown(**ids, send_id=sending.send_id), (*name, sending.send_id, "unknown")
        accounts = each.accounts
        open_ones = [one for one in recipient.unknown if one.step and one.answer is None]
        for one in (*open_ones, *([sending] if sending and sending.step else [])):
            found, _ = self._found(each.campaign, one.send_id, [one.account_id])
            counted[found] += 1
            search = RecordSentFolderSearch(**ids, send_id=one.send_id, result=found)
            yield search, (*name, one.send_id, "search")
            if found is SearchResult.ABSENT:
                return
            accounts = (one.account_id,) if each.campaign.rotates else accounts
        on_its_way = sending.step if sending is not None else None
        steps = [step for step in each.steps if step.name != on_its_way]
        for step, found, account_id in self._followed(each, steps, accounts):
            counted[found] += 1
            if account_id is None:
                return
            lost = RecordLostSend(**ids, account_id=account_id, step=step.name, result=found)
            yield lost, (*name, message_key(sequence, each.recipient_id, step.name), "lost")

    def _followed(
        self, each: Asked, steps: Sequence[Step], accounts: Sequence[AccountId]
    ) -> Iterator[tuple[Step, SearchResult, AccountId | None]]:
        """What became of these steps, in order. A message that is absent counts as received if one
        that follows it is found: that one left because it did."""
        assert each.campaign.sequence is not None
        keys = [message_key(each.campaign.sequence, each.recipient_id, one.name) for one in steps]
        if each.campaign.rotates:
            accounts = self._owner(each.campaign, keys, accounts)
        said = [self._found(each.campaign, key, accounts) for key in keys]
        shown = [place for place, (found, _) in enumerate(said) if found is SearchResult.FOUND]
        for place, (step, (found, account_id)) in enumerate(zip(steps, said, strict=True)):
            if account_id is None and shown and place < shown[-1]:
                yield step, SearchResult.INCONCLUSIVE, said[shown[-1]][1]
            else:
                yield step, found, account_id

    def _owner(
        self, campaign: Campaign, keys: Sequence[str], accounts: Sequence[AccountId]
    ) -> Sequence[AccountId]:
        """M1: where senders rotate, all messages left through one account: the one in which any is
        found, or else the one of which the first may be."""
        said = [self._found(campaign, each, accounts) for each in keys]
        owners = [account_id for found, account_id in said if found is SearchResult.FOUND]
        owners += [account_id for _, account_id in said[:1]]
        owner = next((each for each in owners if each is not None), None)
        return accounts if owner is None else (owner,)

    def _found(
        self, campaign: Campaign, send_id: str, accounts: Sequence[AccountId]
    ) -> tuple[SearchResult, AccountId | None]:
        """Search all these accounts; absent only if each can prove absence (M2). If inconclusive,
        an account without a running clock is named first, so that the recipient does not become one
        that the clock stops."""
        doubtful = list[AccountId]()
        for account_id in accounts:
            account = self._account(account_id)
            said = self._said(account, send_id)
            if said is Search.FOUND:
                return SearchResult.FOUND, account_id
            if said is Search.INCONCLUSIVE or not account.search_proved:
                doubtful.append(account_id)
        doubtful.sort(key=lambda each: campaign.lane(each).running is not None)
        if doubtful:
            return SearchResult.INCONCLUSIVE, doubtful[0]
        return SearchResult.ABSENT, None

    def _said(self, account: EmailAccount, send_id: str) -> Search:
        if account.credentials is None:
            return Search.INCONCLUSIVE
        key = account.id, send_id
        if key not in self._answered:
            self._answered[key] = self._transport.was_sent(mailbox_of(account), send_id)
        return self._answered[key]

    def _prove(self, people: Sequence[Asked]) -> None:
        """M2: if any message of ours is found in an account, its searches can prove absence."""
        for account_id in dict.fromkeys(name for each in people for name in each.accounts):
            account = self._account(account_id)
            if account.search_proved:
                continue
            may_hold = chain(self._sent_by(account_id), _next_through(account_id, people))
            shown = (each for each in may_hold if self._said(account, each) is Search.FOUND)
            proof = next(shown, None)
            if proof is not None:
                command = ProveSentSearch(account_id=account_id, send_id=proof)
                about = derived_id(*self._name, account_id, proof, "proof")
                self._engine.execute(self._workspace, command, command_id=about, actor=self._actor)
                del self._accounts[account_id]

    def _sent_by(self, account_id: AccountId) -> Iterator[str]:
        """The id of one message that the account is known to have sent, if any."""
        with self._engine.look(self._workspace) as now:
            for campaign in now.campaigns_of(account_id):
                for recipient_id in campaign.lane(account_id).contacted:
                    progress = campaign.recipients[recipient_id].progress
                    if campaign.sequence is not None and progress.done:
                        yield message_key(campaign.sequence, recipient_id, progress.done[-1])
                        return

    def _account(self, account_id: AccountId) -> EmailAccount:
        if account_id not in self._accounts:
            with self._engine.look(self._workspace) as now:
                self._accounts[account_id] = now.account(account_id)
        return self._accounts[account_id]


def _next_through(account_id: AccountId, people: Sequence[Asked]) -> Iterator[str]:
    """The next messages of all recipients who may have received them through the account."""
    for each in people:
        assert each.campaign.sequence is not None
        if each.steps and account_id in each.accounts:
            yield message_key(each.campaign.sequence, each.recipient_id, each.steps[0].name)
