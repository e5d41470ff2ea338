"""Searches of Sent folders: what became of messages nobody knows of, and whether a search can tell
(M2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.campaign.commands import RecordSentFolderSearch
from aggregates.campaign.pace import message_key
from aggregates.command import Command
from aggregates.email_account.commands import ProveSentSearch
from engine.command_context import Look
from engine.engine import Engine
from engine.reply import Request
from engine.work.mailing.outgoing import ACTOR
from engine.work.ports import Mailbox, NewId, Search, Transport
from events.vocabulary import AccountId, CampaignId, RecipientId, SearchResult


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

    def __init__(
        self, engine: Engine, workspace: str, transport: Transport, new_id: NewId
    ) -> None:
        self._engine, self._workspace = engine, workspace
        self._transport, self._new_id = transport, new_id

    def due(self) -> list[Sought]:
        """Unknown messages, once the time is over after which their absence proves something; and
        of each account in which no search was proved, the last message it sent."""
        with self._engine.look(self._workspace) as now:
            campaigns = list(now.campaigns())
            since = now.now - self._engine.policy.search_after
            unknown = list(_unknown(now, campaigns, since))
            return [*unknown, *_proofs(now, campaigns)]

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


def _mailbox(now: Look, account_id: AccountId) -> Mailbox:
    return Mailbox(account_id, now.account(account_id).credentials)
