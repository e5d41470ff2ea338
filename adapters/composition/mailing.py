"""Where a workspace's mail is put together."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple
from uuid import uuid4

from adapters.composition.mail_servers import mail_dialler
from adapters.composition.mailboxes import accesses_of, tokens_over, unsubscribe_links
from adapters.composition.programs import Program
from adapters.mail.inbound.reading import read, read_headers
from adapters.mail.letter_composer import LetterComposer
from adapters.mail.wire.inbox import Fetched, Means, Need
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from engine.work.background_checks import ask_for_check
from engine.work.inbound import Inbound, Kind, SentMail
from engine.work.mailing.account_mail import Desk
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.listening import Listening
from engine.work.mailing.outgoing import Way
from engine.work.mailing.searches import Searches
from engine.work.mailing.sent_mail import AccountsSentMail, SentIndex
from engine.work.mailing.turns import Turns
from engine.work.mailing.workspace_mail import WorkspaceMail
from engine.work.ports import Incoming, Mailbox
from events.vocabulary import AccountId

MEANINGLESS = {Kind.OWN, Kind.UNRELATED, Kind.DELAYED}


class MailOf(NamedTuple):
    """One workspace's, and what is to be done with its sessions now and then, and at the end."""

    mail: WorkspaceMail
    tidy_up: Callable[[], object]
    close: Callable[[], object]


def mail_of(program: Program, held: Callable[[], bool]) -> Callable[[str], MailOf]:
    """Makes a workspace's mail. ``held``: is mail still this process's business? Raises
    ``SettingsError``."""
    settings, opened, engine = program
    dialler, cursors = mail_dialler(settings), StoredCursors(opened.beside)
    links, schedule = unsubscribe_links(opened, settings), StoredCheckSchedule(opened.beside)
    turns = Turns(engine, opened.fence, opened.directory)

    def complain(about: str, text: str) -> None:
        opened.coordination.alarm(about, text)

    def make(workspace: str) -> MailOf:
        with engine.look(workspace) as now:
            index = SentIndex(now)

        @cache
        def sent_of(account_id: AccountId) -> AccountsSentMail:
            return AccountsSentMail(engine, workspace, opened.directory, index, account_id)

        def check(account_id: AccountId) -> None:
            ask_for_check(schedule, workspace, account_id, engine.store.now())

        accesses = accesses_of(opened, settings, workspace)
        tokens = tokens_over(opened, settings, workspace)
        wire = MailWire(accesses, tokens, dialler, opened.store.now, means(sent_of))
        inboxes = WorkspaceInboxes(cursors, workspace)
        dispatch = Dispatch(engine, workspace, inboxes)
        composer = LetterComposer(workspace, links.ways, engine.store.now, complain)
        way = Way(engine, dispatch, composer, wire.transport, turns, _new_id, held)
        listening = Listening(engine, workspace, wire.inbox, inboxes, links.read)
        searches = Searches(engine, workspace, wire.transport, _new_id)
        desk = Desk(way, listening, searches, check)
        return MailOf(
            WorkspaceMail(desk, inboxes, index, settings.read_interval), wire.tidy_up, wire.close
        )

    return make


def means(sent_of: Callable[[AccountId], SentMail]) -> Means:
    """What the messages of a mailbox mean for what its account has sent."""

    def meaning(mailbox: Mailbox, fetched: Fetched) -> Incoming | Need | None:
        sent = sent_of(mailbox.account_id)
        if fetched.whole:
            day = fetched.received.date() if fetched.received else None
            found: Inbound | None = read(fetched.octets, sent, day)
        else:
            found = read_headers(fetched.octets, sent)
        if found is None:
            return Need.BODY
        return None if found.kind in MEANINGLESS else Incoming(fetched.key, found)

    return meaning


def _new_id() -> str:
    return uuid4().hex
