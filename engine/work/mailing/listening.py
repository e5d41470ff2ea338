"""Read inboxes: incoming messages end, hold or suppress the recipients they concern (M4, M5,
M7)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from aggregates.calendar import beginning_of
from aggregates.campaign.commands import RecordAutoReply, RecordComplaint, RecordSignal
from aggregates.command import Command
from engine.batch import derived_id
from engine.command_context import Look
from engine.engine import Engine
from engine.reply import Request
from engine.work.inbound import Inbound, Kind
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from engine.work.ports import AccountTrouble, Inbox, Incoming, Mailbox
from engine.work.unsubscribe import Subscriber
from events.vocabulary import RecipientStatus, Signal

ACTOR = "mail"
UTC = "UTC"
SIGNALS: dict[Kind, Signal] = {
    Kind.REPLY: RecipientStatus.REPLIED,
    Kind.BOUNCE: RecipientStatus.BOUNCED,
    Kind.UNSUBSCRIBE: RecipientStatus.UNSUBSCRIBED,
}

WhoIs = Callable[[str], Subscriber | None]
"""The subscriber that an unsubscribe token names; None for a token that we did not make."""


class Listening:
    """Reads one workspace's inboxes. Safe to share between threads, each with its own account."""

    def __init__(
        self,
        engine: Engine,
        workspace: str,
        inbox: Inbox,
        inboxes: WorkspaceInboxes,
        who_is: WhoIs,
    ) -> None:
        self._engine, self._workspace = engine, workspace
        self._inbox, self._inboxes, self._who_is = inbox, inboxes, who_is

    def read_again(self, mailbox: Mailbox) -> AccountTrouble | None:
        """Read from the beginning: a message that meant nothing before may mean something now
        (M6)."""
        self._inboxes.forget(mailbox.account_id)
        return self.read(mailbox)

    def read(
        self, mailbox: Mailbox, wanted: Callable[[], bool] = lambda: True
    ) -> AccountTrouble | None:
        """Record what has arrived since the last time, to the end or as long as it is ``wanted``.

        The cursor moves once everything before it is recorded. A message that is read again, after
        a crash or from the beginning, is recorded once: its command ids derive from account and
        message.
        """
        while True:
            at = self._inboxes.at(mailbox.account_id)
            arrivals = self._inbox.since(mailbox, at.place)
            if isinstance(arrivals, AccountTrouble):
                return arrivals
            self._record(mailbox, arrivals.messages)
            read_until = arrivals.read_until
            moved = Cursor(arrivals.cursor, read_until or at.read_until)
            self._inboxes.move(mailbox.account_id, moved, after=at)
            if read_until is not None or not wanted():
                return None

    def _record(self, mailbox: Mailbox, messages: Sequence[Incoming]) -> None:
        if not messages:
            return
        with self._engine.look(self._workspace) as now:
            requests = [
                Request(command, self._id_of(mailbox, message, *whom), ACTOR)
                for message in messages
                for whom, command in self._commands(now, message.meaning)
            ]
        if requests:
            self._engine.execute_page(self._workspace, requests)

    def _id_of(self, mailbox: Mailbox, message: Incoming, *whom: str) -> str:
        return derived_id("inbox", self._workspace, mailbox.account_id, message.key, *whom)

    def _commands(self, now: Look, meaning: Inbound) -> Iterator[tuple[tuple[str, str], Command]]:
        for campaign_id, recipient_id in self._concerned(meaning):
            about: dict[str, Any] = {"campaign_id": campaign_id, "recipient_id": recipient_id}
            whom = campaign_id, recipient_id
            if meaning.kind is Kind.AUTO_REPLY:
                until = _until(now, campaign_id, meaning.until)
                yield whom, RecordAutoReply(**about, until=until)
            elif meaning.kind is Kind.COMPLAINT:
                yield whom, RecordComplaint(**about)
            elif meaning.kind in SIGNALS:
                signal, unknown = SIGNALS[meaning.kind], meaning.unknown
                yield whom, RecordSignal(**about, signal=signal, address_unknown=unknown)

    def _concerned(self, meaning: Inbound) -> list[tuple[str, str]]:
        """The recipients concerned. A token takes precedence over the sender's address: it says who
        was written to."""
        who = self._who_is(meaning.token) if meaning.token else None
        if who is not None and who.workspace == self._workspace:
            return [(who.campaign_id, who.recipient_id)]
        return list(dict.fromkeys((each.campaign, each.recipient) for each in meaning.about))


def _until(now: Look, campaign_id: str, day: date | None) -> datetime | None:
    """M5: the beginning of the day that the answer names, in the campaign's zone."""
    if day is None:
        return None
    sequence = now.campaign(campaign_id).sequence
    return beginning_of(day, sequence.zone if sequence else UTC)
