"""One account's mail: incoming messages are read first, then those that may leave are sent
(M2-M5)."""

from collections.abc import Callable
from typing import NamedTuple

from engine.reply import Request
from engine.work.mailing.dispatch import left_over
from engine.work.mailing.listening import Listening
from engine.work.mailing.mailbox_of import mailbox_of
from engine.work.mailing.outgoing import ACTOR, Outgoing, Way
from engine.work.mailing.searches import Searches
from engine.work.ports import AccountTrouble, Mailbox
from events.vocabulary import AccountId

AT_ONCE = 20
"""Messages sent before their copies are filed and other work gets its turn."""


class Desk(NamedTuple):
    """What all accounts of a workspace share. ``check`` has the account checked soon; what its
    mailbox said decides nothing by itself (C1)."""

    way: Way
    listening: Listening
    searches: Searches
    check: Callable[[AccountId], object]


class AccountMail:
    """Crash-only: whatever ``run`` raises, the next run begins by recording what is known of the
    last message, and an unknown outcome for any other on its way (M2). One thread at a time."""

    def __init__(self, desk: Desk, account_id: AccountId) -> None:
        self._desk = desk
        self.account_id = account_id
        self._outgoing: Outgoing | None = Outgoing(desk.way, account_id)
        self._unrecorded: Request | None = None

    def run(self, *, read: bool, wanted: Callable[[], bool]) -> bool:
        """Send the account's mail, and with ``read`` also read its inbox first. Ends early when no
        longer ``wanted``. False if sending met trouble with the account."""
        outgoing = self._outgoing or self._recovered()
        try:
            trouble = self._read(wanted) if read else None
            if trouble is None:
                trouble = self._send(outgoing, wanted)
        except BaseException:
            self._unrecorded, self._outgoing = outgoing.unrecorded, None
            raise
        if trouble is not None:
            self._desk.check(self.account_id)
        return outgoing.trouble is None

    def _recovered(self) -> Outgoing:
        way = self._desk.way
        if self._unrecorded is not None:
            way.engine.execute_page(way.dispatch.workspace, [self._unrecorded])
            self._unrecorded = None
        with way.engine.look(way.dispatch.workspace) as now:
            unknown = list(left_over(now, self.account_id))
        requests = [Request(each, way.new_id(), ACTOR) for each in unknown]
        way.engine.execute_page(way.dispatch.workspace, requests)
        way.dispatch.begin()
        self._outgoing = Outgoing(way, self.account_id)
        return self._outgoing

    def _read(self, wanted: Callable[[], bool]) -> AccountTrouble | None:
        mailbox = self._mailbox()
        trouble = self._desk.listening.read(mailbox, wanted) if mailbox else None
        if trouble is None:
            self._finish()
            self._search(wanted)
        return trouble

    def _finish(self) -> None:
        """M4: finish recipients whose sequence is over, as far as inboxes have been read."""
        way = self._desk.way
        over = way.dispatch.finished()
        if over:
            requests = [Request(each, way.new_id(), ACTOR) for each in over]
            replies = way.engine.execute_page(way.dispatch.workspace, requests)
            way.dispatch.follow([each for reply in replies for each in reply.recorded])

    def _search(self, wanted: Callable[[], bool]) -> None:
        for each in self._desk.searches.due(self.account_id):
            if wanted():
                self._desk.searches.run(each)

    def _send(self, outgoing: Outgoing, wanted: Callable[[], bool]) -> AccountTrouble | None:
        left = AT_ONCE

        def more() -> bool:
            nonlocal left
            left -= 1
            return left >= 0 and wanted()

        while True:
            left = AT_ONCE
            offered = outgoing.run(more)
            self._file(outgoing)
            if outgoing.trouble is not None:
                return AccountTrouble(outgoing.trouble)
            if offered < AT_ONCE or not wanted():
                return None

    def _file(self, outgoing: Outgoing) -> None:
        """File copies in the Sent folder, if the provider does not."""
        mailbox = self._mailbox() if outgoing.accepted else None
        for message in outgoing.accepted if mailbox else ():
            assert mailbox is not None
            self._desk.way.transport.file_copy(mailbox, message)

    def _mailbox(self) -> Mailbox | None:
        way = self._desk.way
        with way.engine.look(way.dispatch.workspace) as now:
            account = now.account(self.account_id)
        if not account.connected or account.credentials is None:
            return None
        return mailbox_of(account)
