"""What the story can do: ask, tell, and let time pass."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from adapters.composition.mailboxes import mailboxes_of
from adapters.composition.programs import Program
from adapters.demo.cast import USER, WORKSPACE
from adapters.demo.correspondents import Correspondents
from adapters.demo.screen import Screen
from adapters.mail.sandbox.sandbox import Sandbox
from aggregates.command import Command
from engine.answers.workspace_answers import Answers
from engine.ports.clock import ManualClock
from engine.reply import Reply
from engine.work.check_connection import Checked

if TYPE_CHECKING:
    from adapters.composition.programs import StepByStep

FARTHEST = timedelta(hours=1)
"""The longest jump of the clock; inboxes are read after each."""
LEAST = timedelta(seconds=1)
"""The shortest jump, so that what is due at a moment is settled after it."""
READING = 0.6
"""Seconds that a person takes to read a line."""


class Stage:
    """Time stands still while anybody works, and jumps to the next moment at which something is
    due. A worker finds out by itself what that is. ``patient``: leave the audience time to read."""

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
        """Execute a user's command, and show it with its refusal, if any."""
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
        """The answers once everything that is due is done."""
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
