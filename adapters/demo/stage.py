"""What the story has in hand: to ask, to tell, to let time pass."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from adapters.composition import Program
from adapters.demo.cast import USER, WORKSPACE
from adapters.demo.correspondents import Correspondents
from adapters.demo.screen import Screen
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mailboxes import mailboxes_of
from aggregates.command import Command
from engine.answers.workspace_answers import Answers
from engine.ports.clock import ManualClock
from engine.reply import Reply
from engine.work.check_connection import Checked

if TYPE_CHECKING:
    from adapters.composition import StepByStep

FARTHEST = timedelta(hours=1)
"""Jumps of the clock; inboxes are read after each."""
LEAST = timedelta(seconds=1)
"""So that what is due at a moment is settled after it."""
READING = 0.6
"""Seconds in which a person reads a line."""


class Stage:
    """Time stands while anybody works, and jumps to the next moment at which something is due. A
    worker finds by itself what that is. ``patient``: leave the audience time to read."""

    def __init__(
        self,
        program: Program,
        worker: "StepByStep",
        sandbox: Sandbox,
        clock: ManualClock,
        screen: Screen,
        *,
        patient: bool,
    ) -> None:
        self.program, self.sandbox, self.clock = program, sandbox, clock
        self.mailboxes = mailboxes_of(program, WORKSPACE)
        self.correspondents = Correspondents(sandbox, clock, ())
        self._worker, self._screen, self._patient = worker, screen, patient

    def ask(self, what: str, command: Command) -> None:
        """A user's act, told together with the refusal it may meet."""
        reply = self.program.engine.execute(WORKSPACE, command, command_id=new_id(), actor=USER)
        self.told(what, reply)

    def told(self, what: str, reply: Reply | Checked) -> None:
        if reply.refusal is None:
            self.tell(what)
        else:
            self.tell(f"{what}: refused ({reply.refusal.code}). {reply.refusal.message}", "red")
        time.sleep(READING if self._patient else 0)

    def tell(self, text: str, style: str = "") -> None:
        self._screen.tell(text, style)

    def answers(self) -> Answers:
        """What the views say once everybody has done what is due."""
        self._work()
        return Answers(self.program.opened.views, WORKSPACE)

    def let_pass(self, span: timedelta) -> None:
        self.reach(self.clock() + span)

    def reach(self, moment: datetime) -> None:
        self._work()
        while (now := self.clock()) < moment:
            due = (self._worker.due_at(), self.correspondents.next_at, now + FARTHEST)
            soonest = min(each for each in due if each is not None)
            self.clock.time = min(max(soonest, now + LEAST), moment)
            self.correspondents.answer()
            self._work()

    def _work(self) -> None:
        self._worker.work()
        self.correspondents.look()
        self._screen.look()


def new_id() -> str:
    return uuid4().hex
