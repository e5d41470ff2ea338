"""Searches of Sent folders: what became of messages of unknown outcome, and whether a search can
prove anything (M2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.campaign.commands import RecordSentFolderSearch
from aggregates.campaign.pace import message_key
from aggregates.command import Command
from aggregates.email_account.commands import ProveSentSearch
from engine.command_context import Look
from engine.engine import Engine
from engine.planning.agenda import LONG_AGO
from engine.reply import Request
from engine.work.mailing.mailbox_of import mailbox_of
from engine.work.mailing.outgoing import ACTOR, SUBMIT_WITHIN
from engine.work.ports import Mailbox, NewId, Search, Transport
from events.base import Event
from events.campaign import EmailAccepted, EmailOutcomeUnknown
from events.vocabulary import AccountId, CampaignId, ConnectionStatus, RecipientId, SearchResult

TRIED_FOR = timedelta(days=1)
"""How long after a send its search is tried again while the Sent folder cannot be searched."""
Whom = tuple[CampaignId, RecipientId]


class Sought(NamedTuple):
    """A message to be searched for. ``unknown_since`` is the time of its reservation, UTC, if its
    outcome is unknown. Otherwise it was accepted, and shows whether the search finds anything."""

    mailbox: Mailbox
    campaign_id: CampaignId
    recipient_id: RecipientId
    send_id: str
    unknown_since: datetime | None


class Searches:
    """The searches of one workspace, kept up to date by following its log. Safe to share between
    threads, each with its own account."""

    def __init__(self, engine: Engine, workspace: str, transport: Transport, new_id: NewId) -> None:
        self._engine, self._workspace = engine, workspace
        self._transport, self._new_id = transport, new_id
        self._unknown: dict[Whom, None] = {}
        """Recipients with messages of unknown outcome."""
        self._accepted: dict[AccountId, Whom] = {}
        """The recipient of each account's last message."""
        self._vain: set[str] = set()
        """Accepted messages that a search did not find; searching for them again proves nothing."""
        with engine.look(workspace) as now:
            self._begin(now)

    def follow(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, EmailAccepted):
                self._accepted[event.account_id] = event.campaign_id, event.recipient_id
            elif isinstance(event, EmailOutcomeUnknown):
                self._unknown[event.campaign_id, event.recipient_id] = None

    def due(self, account_id: AccountId | None = None) -> list[Sought]:
        """The messages to search for, of one account or of all. They include messages of unknown
        outcome, ten minutes after the last moment at which they can have been submitted: from then
        on, absence may prove something. If an account's search is not proved yet, its last accepted
        message of that age comes first. A failed account is searched once it is reconnected, for as
        long as that is allowed."""
        with self._engine.look(self._workspace) as now:
            since = now.now - self._engine.policy.search_after - SUBMIT_WITHIN
            found = [*self._proofs(now, since), *self._open_ones(now, since)]
            return [
                each
                for each in found
                if account_id in {None, each.mailbox.account_id}
                and _is_open(now, each.mailbox.account_id)
            ]

    def run(self, sought: Sought) -> Search:
        """Search, and record the result. A folder that cannot be searched is tried again, for a day
        after the send."""
        found = self._transport.was_sent(sought.mailbox, sought.send_id)
        command = _command(sought, found, self._engine.store.now())
        if command is not None:
            request = Request(command, self._new_id(), ACTOR)
            self._engine.execute_page(self._workspace, [request])
        elif found is Search.ABSENT:
            self._vain.add(sought.send_id)
        return found

    def _begin(self, now: Look) -> None:
        latest: dict[AccountId, datetime] = {}
        for campaign in now.campaigns():
            for recipient_id, recipient in campaign.recipients.items():
                whom = campaign.id, recipient_id
                if recipient.unknown:
                    self._unknown[whom] = None
                account_id, sent_at = (
                    recipient.sender or campaign.sender,
                    recipient.progress.last_at,
                )
                if not (sent_at and account_id and _last_accepted(campaign, recipient_id)):
                    continue
                if sent_at > latest.get(account_id, LONG_AGO):
                    latest[account_id], self._accepted[account_id] = sent_at, whom

    def _proofs(self, now: Look, since: datetime) -> Iterator[Sought]:
        for account_id, (campaign_id, recipient_id) in list(self._accepted.items()):
            campaign = now.campaign(campaign_id)
            recipient = campaign.recipients[recipient_id]
            sent_at, send_id = recipient.progress.last_at, _last_accepted(campaign, recipient_id)
            if send_id is None or send_id in self._vain or sent_at is None or sent_at > since:
                continue
            if not now.account(account_id).search_proved:
                mailbox = mailbox_of(now.account(account_id))
                yield Sought(mailbox, campaign_id, recipient_id, send_id, None)

    def _open_ones(self, now: Look, since: datetime) -> Iterator[Sought]:
        for campaign_id, recipient_id in list(self._unknown):
            recipient = now.campaign(campaign_id).recipients[recipient_id]
            waiting = [each for each in recipient.unknown if each.step and each.answer is None]
            if not waiting:
                self._unknown.pop((campaign_id, recipient_id), None)
            for each in waiting:
                if each.reserved_at is not None and each.reserved_at <= since:
                    mailbox = mailbox_of(now.account(each.account_id))
                    yield Sought(mailbox, campaign_id, recipient_id, each.send_id, each.reserved_at)


def _command(sought: Sought, found: Search, now: datetime) -> Command | None:
    if sought.unknown_since is not None:
        if found is Search.INCONCLUSIVE and now - sought.unknown_since < TRIED_FOR:
            return None
        return RecordSentFolderSearch(
            campaign_id=sought.campaign_id,
            recipient_id=sought.recipient_id,
            send_id=sought.send_id,
            result=SearchResult(found.value),
        )
    if found is not Search.FOUND:
        return None
    return ProveSentSearch(account_id=sought.mailbox.account_id, send_id=sought.send_id)


def _last_accepted(campaign: Campaign, recipient_id: RecipientId) -> str | None:
    """The id of the recipient's last message, unless its outcome is unknown."""
    recipient = campaign.recipients[recipient_id]
    if campaign.sequence is None or not recipient.progress.done:
        return None
    send_id = message_key(campaign.sequence, recipient_id, recipient.progress.done[-1])
    return None if any(each.send_id == send_id for each in recipient.unknown) else send_id


def _is_open(now: Look, account_id: AccountId) -> bool:
    return now.account(account_id).status is not ConnectionStatus.FAILED
