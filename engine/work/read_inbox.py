"""Read an inbox: what answers a message of ours becomes a signal or an automatic answer (M5)."""

from collections.abc import Callable
from typing import NamedTuple

from aggregates.campaign.commands import CampaignCommand, RecordAutoReply, RecordSignal
from engine.batch import derived_id
from engine.engine import Engine
from engine.reply import Request
from engine.work.ports import AccountTrouble, Inbox, Incoming, Mailbox
from engine.work.send import ACTOR
from events.vocabulary import CampaignId, RecipientId


class SentTo(NamedTuple):
    """In which campaign a message of ours was sent, and to whom."""

    campaign_id: CampaignId
    recipient_id: RecipientId


class InboxReader:
    """Reads inboxes of one workspace. ``sent_to`` tells by its Message-ID to whom a message of ours
    went, None for one that is not ours."""

    def __init__(
        self,
        engine: Engine,
        inbox: Inbox,
        workspace: str,
        sent_to: Callable[[str], SentTo | None],
    ) -> None:
        self._engine = engine
        self._inbox = inbox
        self._workspace = workspace
        self._sent_to = sent_to

    def read(self, mailbox: Mailbox, cursor: str) -> str | AccountTrouble:
        """Record what arrived after the cursor. Answers the next cursor, once all is recorded.

        A message read again, after a crash or from an older cursor, is recorded once.
        """
        arrivals = self._inbox.since(mailbox, cursor)
        if isinstance(arrivals, AccountTrouble):
            return arrivals
        requests = [
            Request(command, self._id_of(mailbox, message), ACTOR)
            for message in arrivals.messages
            if (command := self._command(message)) is not None
        ]
        if requests:
            self._engine.execute_page(self._workspace, requests)
        return arrivals.cursor

    def _id_of(self, mailbox: Mailbox, message: Incoming) -> str:
        return derived_id("inbox", self._workspace, mailbox.account_id, message.key)

    def _command(self, message: Incoming) -> CampaignCommand | None:
        sent_to = self._sent_to(message.about)
        if sent_to is None:
            return None
        if message.signal is None:
            return RecordAutoReply(**sent_to._asdict(), until=message.until)
        return RecordSignal(**sent_to._asdict(), signal=message.signal)
