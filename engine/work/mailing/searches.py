"""Searches of Sent folders: what became of messages nobody knows of, and whether a search can tell
(M2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign, Recipient
from aggregates.campaign.commands import RecordSentFolderSearch
from aggregates.campaign.pace import message_key
from aggregates.command import Command
from aggregates.email_account.commands import ProveSentSearch
from engine.command_context import Look
from engine.engine import Engine
from engine.reply import Request
from engine.work.mailing.outgoing import ACTOR
from engine.work.ports import Mailbox, NewId, Search, Transport
from events.vocabulary import AccountId, CampaignId, ConnectionStatus, RecipientId, SearchResult


class Sought(NamedTuple):
    """A message to be searched for. ``unknown``: its outcome is; else it was accepted, and shows
    whether the search finds anything."""

    mailbox: Mailbox
    campaign_id: CampaignId
    recipient_id: RecipientId
    send_id: str
    unknown: bool


class Searches:
    """Those of one workspace."""

    def __init__(self, engine: Engine, workspace: str, transport: Transport, new_id: NewId) -> None:
        self._engine, self._workspace = engine, workspace
        self._transport, self._new_id = transport, new_id

    def due(self) -> list[Sought]:
        """Of each account in which no search was proved, the last message it sent a while ago; then
        unknown messages of that age, for then their absence may prove something. A failed account
        is searched once it is reconnected, for as long as it may be."""
        with self._engine.look(self._workspace) as now:
            campaigns = list(now.campaigns())
            since = now.now - self._engine.policy.search_after
            found = [*_proofs(now, campaigns, since), *_unknown(now, campaigns, since)]
            return [each for each in found if _is_open(now, each.mailbox.account_id)]

    def run(self, sought: Sought) -> Search:
        """Search, and record what it shows."""
        found = self._transport.was_sent(sought.mailbox, sought.send_id)
        command = _command(sought, found)
        if command is not None:
            request = Request(command, self._new_id(), ACTOR)
            self._engine.execute_page(self._workspace, [request])
        return found


def _command(sought: Sought, found: Search) -> Command | None:
    if sought.unknown:
        return RecordSentFolderSearch(
            campaign_id=sought.campaign_id,
            recipient_id=sought.recipient_id,
            send_id=sought.send_id,
            result=SearchResult(found.value),
        )
    if found is not Search.FOUND:
        return None
    return ProveSentSearch(account_id=sought.mailbox.account_id, send_id=sought.send_id)


def _unknown(now: Look, campaigns: Iterable[Campaign], since: datetime) -> Iterator[Sought]:
    for campaign in campaigns:
        for recipient_id, recipient in campaign.recipients.items():
            for each in recipient.unknown:
                waits = each.step is not None and each.answer is None
                if waits and each.reserved_at is not None and each.reserved_at <= since:
                    mailbox = _mailbox(now, each.account_id)
                    yield Sought(mailbox, campaign.id, recipient_id, each.send_id, unknown=True)


def _proofs(now: Look, campaigns: Iterable[Campaign], since: datetime) -> Iterator[Sought]:
    last: dict[AccountId, tuple[datetime, Sought]] = {}
    for campaign in campaigns:
        for recipient_id, recipient in campaign.recipients.items():
            sent_at, account_id = recipient.progress.last_at, recipient.sender or campaign.sender
            if sent_at is None or sent_at > since or account_id is None:
                continue
            send_id = _last_accepted(campaign, recipient_id, recipient)
            known = last.get(account_id)
            if send_id is not None and (known is None or known[0] < sent_at):
                mailbox = _mailbox(now, account_id)
                sought = Sought(mailbox, campaign.id, recipient_id, send_id, unknown=False)
                last[account_id] = sent_at, sought
    for account_id, (_, sought) in last.items():
        if not now.account(account_id).search_proved:
            yield sought


def _last_accepted(
    campaign: Campaign, recipient_id: RecipientId, recipient: Recipient
) -> str | None:
    """The id of the last message, unless nobody knows what became of it."""
    if campaign.sequence is None or not recipient.progress.done:
        return None
    send_id = message_key(campaign.sequence, recipient_id, recipient.progress.done[-1])
    return None if any(each.send_id == send_id for each in recipient.unknown) else send_id


def _is_open(now: Look, account_id: AccountId) -> bool:
    return now.account(account_id).status is not ConnectionStatus.FAILED


def _mailbox(now: Look, account_id: AccountId) -> Mailbox:
    return Mailbox(account_id, now.account(account_id).credentials)
