"""What the story has in hand: to ask, to send, to tell, to let time pass."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

from engine.work.read_inbox import InboxReader
from engine.work.send import Sends

from adapters.composition import Program, simulated_mail
from adapters.demo.cast import CAMPAIGN, SEED, SENDERS, USER, WORKSPACE, Sender
from adapters.demo.letters import outgoing, sent_to
from adapters.demo.screen import Screen
from aggregates.command import Command
from engine.answers.workspace_answers import Answers
from engine.ports.clock import WarpedClock
from engine.reply import Refusal, Reply
from engine.work.check_connection import Checked, ConnectionChecks
from engine.work.import_recipients import Import
from engine.work.ports import NewId, RejectedLine, Submitted
from events.vocabulary import RecipientId

PAUSE = 0.05
"""Seconds between two turns of the worker's duties."""


class Stage:
    """While time passes, the ``duties`` of a worker take their turns: nothing tells them what is
    due. ``speed``: how many times faster than intended for people the story is told."""

    def __init__(
        self,
        program: Program,
        clock: WarpedClock,
        screen: Screen,
        duties: Sequence[Callable[[], object]],
        speed: float,
    ) -> None:
        numbers = count(1)
        secrets = {each.mailbox.credentials or "": each.password for each in SENDERS}
        engine, server = program.engine, simulated_mail(clock, SEED, secrets)
        self.clock, self.server = clock, server
        self.directory = program.opened.directory
        self.new_id: NewId = lambda: f"demo-{next(numbers)}"
        self.checks = ConnectionChecks(engine, server, WORKSPACE, self.new_id)
        self._sends = Sends(engine, server, WORKSPACE, self.new_id)
        self._inboxes = InboxReader(engine, server, WORKSPACE, sent_to)
        self._cursors = dict.fromkeys(SENDERS, "")
        self._engine, self._views = engine, program.opened.views
        self._screen, self._duties, self._speed = screen, duties, speed

    def ask(self, command: Command) -> Reply:
        return self._engine.execute(WORKSPACE, command, command_id=self.new_id(), actor=USER)

    def ask_aloud(self, what: str, command: Command) -> None:
        self.told(what, self.ask(command))

    def told(self, what: str, reply: Reply | Checked) -> None:
        """A user's act, together with the refusal it may have met."""
        if reply.refusal is None:
            self.tell(what)
        else:
            self.tell(f"{what}: refused ({reply.refusal.code}). {reply.refusal.message}", "red")

    def importing(self, reject: Callable[[RejectedLine], object]) -> Import:
        return Import(self._engine, self.directory, WORKSPACE, CAMPAIGN, USER, reject, self.new_id)

    def send(self, sender: Sender, recipient_id: RecipientId, step: int) -> Submitted | Refusal:
        person = self.directory.person(WORKSPACE, recipient_id)
        assert person is not None
        return self._sends.send(outgoing(person, recipient_id, sender, step))

    def read_inbox(self, sender: Sender) -> None:
        cursor = self._inboxes.read(sender.mailbox, self._cursors[sender])
        assert isinstance(cursor, str)
        self._cursors[sender] = cursor

    def tell(self, text: str, style: str = "") -> None:
        self._screen.tell(text, style)

    def breathe(self) -> None:
        """Time for the audience to read."""
        time.sleep(0.8 / self._speed)

    def let_pass(self, span: timedelta, seconds: float) -> None:
        """That much of the story's time, within so many seconds."""
        self.reach(self.clock() + span, seconds)

    def reach(self, moment: datetime, seconds: float) -> None:
        span = seconds / self._speed
        self.clock.hurry(moment, span)
        until = time.monotonic() + span
        self._turn()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, PAUSE / self._speed))
            self._turn()

    def settle(self) -> Answers:
        """Have done what is due, and notices delivered; then what the views say."""
        self._turn()
        self._turn()
        return Answers(self._views, WORKSPACE)

    def _turn(self) -> None:
        for duty in self._duties:
            duty()
        self._screen.look()
