"""20 accounts that send all they may into a fast server over TLS, beside loops of bare smtplib.

Ours plans, composes from templates, reserves, notes with a witness, submits and records (M2); the
loops send one ready message, or compose the same ones with ``email``'s MIME classes. The server by
itself takes whole conversations that nobody has to wait for.
"""

import smtplib
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from adapters.http.unsubscribe_links import UnsubscribeLinks
from adapters.mail.composing.filling import writing
from adapters.mail.composing.message import compose
from adapters.mail.connection import Limits
from adapters.mail.letter_composer import LetterComposer
from adapters.mail.sandbox.authority import Authority
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.inbox import Fetched
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.clocks import system_clock
from adapters.stores.opening import Opened, opened_file, opened_schema
from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign.commands import CreateCampaign, SetSequence, StartCampaign
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount
from bench.composing import ANN, SEQUENCE, STEP, by_mime_classes, person_of, posting_of
from bench.ours import CAMPAIGN
from bench.postgres.places import durable_server
from bench.timing import timed
from bench.wire import ACCOUNTS, all_at_once, sink
from engine.engine import Engine
from engine.reply import Request
from engine.simulated import simulated_report
from engine.work.access import Access, Security, Server
from engine.work.letters import Letter
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.outgoing import Outgoing, Way
from engine.work.mailing.turns import Turns
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from events.vocabulary import Mode, Settings
from tests.mail.probing import Site

EACH = 200
"""Messages of an account."""
TOTAL = ACCOUNTS * EACH
SETTINGS = Settings(
    sender_name=ANN.name, signature=ANN.signature, sending_speed=1_000_000, limits={"gap": 0}
)
NAMES = [f"a{number}@acme.example" for number in range(ACCOUNTS)]
LINKS = UnsubscribeLinks(lambda: Secret("a key of all links"), "https://x.example")


@contextmanager
def _on_file(folder: Path) -> Iterator[Opened]:
    with closing(opened_file(SQLiteStore(folder / "ledger.db"), folder / "witness")) as opened:
        yield opened


@contextmanager
def _on_server(folder: Path) -> Iterator[Opened]:
    with durable_server() as server:
        store = PostgresStore(server.create_database("ours"))
        with closing(opened_schema(store, folder / "witness")) as opened:
            yield opened


PATIENT = Limits(total=60.0, step=30.0, octets=200_000)

Opening = Callable[[Path], AbstractContextManager[Opened]]


def sending(opening: Opening, workspaces: int) -> dict[str, float]:
    """Messages a second, over all accounts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = Authority(folder)
        port = stack.enter_context(sink(authority, 5 * TOTAL))
        context = ssl.create_default_context(cafile=authority.file)
        site = Site(stack.enter_context(Sandbox([])), authority.file, PATIENT)
        opened = stack.enter_context(opening(folder))
        wire = stack.enter_context(
            closing(MailWire(site.accesses, site.tokens, site.dialler, system_clock, _nothing))
        )
        server = Server("localhost", port, Security.IMPLICIT)
        mailboxes = [
            site.add(Access("imap", each, server, server, Secret("x")), each) for each in NAMES
        ]
        crew = _crew(opened, wire, mailboxes, workspaces)
        return {
            **_rates("ours", lambda: all_at_once(lambda number: _send_all(crew[number]))),
            **_rates("composing", lambda: all_at_once(partial(_loop, port, context, _composed))),
            **_rates("ready", lambda: all_at_once(partial(_loop, port, context, _ready))),
            **_rates("one_by_one", lambda: timed(lambda: _one_by_one(port, context))),
            **_rates("server", lambda: all_at_once(partial(_flood, port, context))),
        }


def _rates(name: str, seconds: Callable[[], float]) -> dict[str, float]:
    """Messages a second, and microseconds of our processor for one: all of it but the server."""
    begun = time.process_time()
    rate = TOTAL / seconds()
    return {name: rate, f"{name}_us": (time.process_time() - begun) / TOTAL * 1e6}


SENDING_MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    "sending": partial(sending, _on_file, 1),
    "sending_20": partial(sending, _on_file, ACCOUNTS),
    "pg_sending": partial(sending, _on_server, 1),
    "pg_sending_20": partial(sending, _on_server, ACCOUNTS),
}


class _Post(NamedTuple):
    opened: Opened
    engine: Engine
    turns: Turns
    wire: MailWire


def _crew(
    opened: Opened, wire: MailWire, mailboxes: Sequence[Mailbox], workspaces: int
) -> list[Outgoing]:
    """Each account's messages: of one campaign for all accounts, or of a workspace for each."""
    engine = Engine(opened.store, fence=opened.fence)
    post = _Post(opened, engine, Turns(engine, opened.fence, opened.directory), wire)
    shares = [mailboxes[number::workspaces] for number in range(workspaces)]
    found = [_workspace(post, f"w{number}", share) for number, share in enumerate(shares)]
    return [each for share in found for each in share]


def _workspace(post: _Post, name: str, mailboxes: Sequence[Mailbox]) -> list[Outgoing]:
    opened, engine, turns, wire = post
    people = opened.directory.enrol(name, map(person_of, range(len(mailboxes) * EACH)))
    accounts = tuple(each.account_id for each in mailboxes)
    connects = [
        ConnectAccount(
            account_id=each.account_id,
            slot_id=each.account_id,
            provider="imap",
            settings=SETTINGS,
            report=simulated_report(None),
            credentials=each.credentials,
        )
        for each in mailboxes
    ]
    create = CreateCampaign(
        campaign_id=CAMPAIGN,
        mode=Mode.ROTATION,
        account_ids=accounts,
        recipient_ids=tuple(people),
    )
    sequence = SetSequence(campaign_id=CAMPAIGN, sequence=SEQUENCE)
    ids = (f"{name}-{number}" for number in count())
    for command in [*connects, create, sequence, StartCampaign(campaign_id=CAMPAIGN)]:
        _tell(engine, name, command, next(ids))
    dispatch = Dispatch(engine, name, WorkspaceInboxes(StoredCursors(opened.beside), name))
    composer = LetterComposer(name, LINKS.ways, system_clock, _complain)
    way = Way(engine, dispatch, composer, wire.transport, turns, lambda: next(ids))
    return [Outgoing(way, account) for account in accounts]


def _tell(engine: Engine, workspace: str, command: Command, command_id: str) -> None:
    (reply,) = engine.execute_page(workspace, [Request(command, command_id, "user:bench")])
    assert reply.refusal is None, reply.refusal


def _complain(about: str, said: str) -> None:
    raise AssertionError(f"{about}: {said}")


def _nothing(_: Mailbox, __: Fetched) -> None:
    return None


def _send_all(outgoing: Outgoing) -> None:
    outgoing.run(lambda: True)
    assert outgoing.trouble is None


def _letters(number: int) -> Iterator[tuple[Letter, int]]:
    ready = writing(STEP)
    for each in range(number * EACH, (number + 1) * EACH):
        yield ready.fill(person_of(each), ANN), each


def _composed(number: int) -> Iterator[bytes]:
    for letter, each in _letters(number):
        yield by_mime_classes(letter, posting_of(each))


def _ready(number: int) -> Iterator[bytes]:
    letter, each = next(_letters(number))
    content = compose(letter, posting_of(each)).content
    for _ in range(EACH):
        yield content


def _loop(
    port: int,
    context: ssl.SSLContext,
    contents: Callable[[int], Iterator[bytes]],
    number: int,
) -> None:
    with smtplib.SMTP_SSL("localhost", port, "bench.test", timeout=30, context=context) as smtp:
        smtp.login(NAMES[number], "x")
        for content in contents(number):
            smtp.sendmail(NAMES[number], "b@x.test", content)


def _one_by_one(port: int, context: ssl.SSLContext) -> None:
    """The ready message by one thread, through all accounts in turn."""
    (content, *_) = _ready(0)
    with ExitStack() as stack:
        opened = [smtplib.SMTP_SSL("localhost", port, "bench.test", context=context) for _ in NAMES]
        for smtp, name in zip(opened, NAMES, strict=True):
            stack.enter_context(smtp).login(name, "x")
        for _ in range(EACH):
            for smtp, name in zip(opened, NAMES, strict=True):
                smtp.sendmail(name, "b@x.test", content)


def _flood(port: int, context: ssl.SSLContext, number: int) -> None:
    """Whole conversations, ten at a time, with no wait in between."""
    envelope = f"MAIL FROM:<{NAMES[number]}>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n".encode()
    content = envelope + next(_ready(number)) + b"\r\n.\r\n"
    with (
        socket.create_connection(("localhost", port), 30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
        connection.makefile("rb") as answers,
    ):
        answers.readline()
        for _ in range(EACH // 10):
            connection.sendall(content * 10)
            for _ in range(40):
                assert answers.readline()[:1] in b"23"
