"""A store that sends, its backup of yesterday, and the mail world that goes on meanwhile."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import NamedTuple

from adapters.stores.opening import Opened, opened_file, opened_schema
from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from adapters.stores.sqlite import SQLiteStore
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.reply import Reply
from engine.work.check_connection import ConnectionChecks
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.listening import Listening
from engine.work.mailing.reconcile import Means, World
from engine.work.mailing.sent_mail import SentIndex
from engine.work.ports import Mailbox, Message, Outcome
from events.campaign import SendReserved
from tests.law.story import (
    ANN,
    BOB,
    INTRO,
    NO_GAP,
    NOON,
    R1,
    R2,
    R3,
    Move,
    accepted,
    connect,
    create,
    message,
    reserve_step,
    set_sequence,
    start,
)
from tests.mail.mail_contract import always
from tests.mail.simulated_server import SimulatedMailServer
from tests.work.copies import Copying, Place
from tests.workplace import ACME, log_of

_NUMBERS = count(1)


class Program(NamedTuple):
    """An opened store and its engine, as a worker has them."""

    opened: Opened
    engine: Engine

    def tell(self, command: Command) -> Reply:
        name = f"told-{next(_NUMBERS)}"
        return self.engine.execute(ACME, command, command_id=name, actor="user:test")

    def given(self, *moves: Move) -> None:
        for move in moves:
            for command in [move] if isinstance(move, Command) else move:
                assert self.tell(command).refusal is None, command

    def refused(self, command: Command) -> str | None:
        refusal = self.tell(command).refusal
        return refusal and refusal.code

    @property
    def last_id(self) -> str:
        return log_of(self.opened.store)[-1].event_id

    @property
    def names(self) -> list[str]:
        return [type(each.event).__name__ for each in log_of(self.opened.store)]


class Sender:
    """A store at noon, in a place of a product, with a witness in a folder elsewhere."""

    def __init__(self, copying: Copying, folder: Path) -> None:
        self.clock = ManualClock(NOON)
        self.copying, self.witness = copying, folder / "witness"
        self.place = copying.new()
        self.server = SimulatedMailServer(self.clock, {"vault:1": "horse"})
        for each in (ANN, BOB):
            self.server.open_mailbox(each, "horse")
        with self.running() as program:
            program.given(
                *(connect(each, settings=NO_GAP, credentials="vault:1") for each in (ANN, BOB)),
                create(ANN, BOB, to=[R1, R2, R3]),
                set_sequence(),
                start(),
            )

    @contextmanager
    def running(self, place: Place | None = None) -> Iterator[Program]:
        with closing(self.opened(place or self.place)) as found:
            yield Program(found, Engine(found.store, fence=found.fence))

    def opened(self, place: Place) -> Opened:
        if isinstance(place, Path):
            return opened_file(SQLiteStore(place, self.clock), self.witness)
        return opened_schema(PostgresStore(place, self.clock), self.witness)

    def backup(self) -> Place:
        return self.copying.copy(self.place)

    def send(self, program: Program, account: str, recipient: str, step: str = INTRO) -> None:
        """Reserved, noted, submitted and recorded."""
        read = self.clock() if step != INTRO else None
        reply = program.tell(reserve_step(account, recipient, step, read=read))
        assert reply.refusal is None, reply.refusal
        reserved = next(each for each in reply.recorded if isinstance(each.event, SendReserved))
        program.opened.fence.note(reserved.position, reserved.event_id)
        assert self.server.submit(Mailbox(account, "vault:1"), letter(recipient, step), always) is (
            Outcome.ACCEPTED
        )
        program.given(accepted(recipient, message(recipient, step)))

    def means(self, program: Program) -> Means:
        def world_of(workspace: str) -> World:
            new_id = lambda: f"check-{next(_NUMBERS)}"  # noqa: E731
            checks = ConnectionChecks(program.engine, self.server, workspace, new_id)
            return World(checks, self.server, lambda: self.listening(program))

        cursors = StoredCursors(program.opened.beside)
        return Means(program.engine, program.opened.fence, cursors, world_of)

    def listening(self, program: Program) -> Listening:
        with program.engine.look(ACME) as now:
            self.server.to_whom = SentIndex(now).find
        inboxes = WorkspaceInboxes(StoredCursors(program.opened.beside), ACME)
        return Listening(program.engine, ACME, self.server, inboxes, lambda _: None)

    def at(self, moment: datetime) -> None:
        self.clock.time = moment


def letter(recipient: str, step: str = INTRO) -> Message:
    content = EmailMessage()
    content["Subject"] = "Hello"
    return Message(f"<{message(recipient, step)}@x.test>", f"{recipient}@x.test", bytes(content))
