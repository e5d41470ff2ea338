"""What the story's acts have in hand: to ask, to tell, to let time pass."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from adapters.demo.cast import USER, WORKSPACE
from adapters.demo.mail_server import SimulatedMailServer
from adapters.demo.postman import Postman
from adapters.demo.warped_clock import WarpedClock
from adapters.demo.worker import Worker
from aggregates.command import Command
from engine.answers.workspace_answers import Answers
from engine.engine import Engine
from engine.ports.views import Views
from engine.reply import Reply
from engine.work.ports import Directory

Tell = Callable[[str, str], None]


class Stage:
    """``speed``: how many times faster than intended for people the story is told."""

    def __init__(
        self,
        engine: Engine,
        views: Views,
        clock: WarpedClock,
        *,
        directory: Directory,
        server: SimulatedMailServer,
        worker: Worker,
        tell: Tell,
        speed: float,
    ) -> None:
        self.clock = clock
        self.directory = directory
        self.server = server
        self.postman = Postman(self.ask, directory, server)
        self._engine = engine
        self._views = views
        self.worker = worker
        self._tell = tell
        self._speed = speed
        self._numbers = count(1)

    def ask(self, command: Command, actor: str = USER) -> Reply:
        command_id = f"demo-{next(self._numbers)}"
        return self._engine.execute(WORKSPACE, command, command_id=command_id, actor=actor)

    def ask_aloud(self, what: str, command: Command) -> Reply:
        """A user's command, told together with the refusal it may meet."""
        answer = self.ask(command)
        if answer.refusal is None:
            self.tell(what)
        else:
            self.tell(f"{what}: refused ({answer.refusal.code}). {answer.refusal.message}", "red")
        return answer

    def tell(self, text: str, style: str = "") -> None:
        self._tell(text, style)

    def breathe(self, seconds: float = 0.8) -> None:
        """Time for the audience to read."""
        time.sleep(seconds / self._speed)

    def let_pass(self, span: timedelta, seconds: float) -> None:
        """That much of the story's time, within so many seconds."""
        self.reach(self.clock() + span, seconds)

    def reach(self, moment: datetime, seconds: float) -> None:
        self.clock.hurry(moment, seconds / self._speed)
        time.sleep(seconds / self._speed)

    def settle(self) -> Answers:
        """Wait for the worker; then what the views say."""
        self.worker.whole_turn()
        return self.answers()

    def answers(self) -> Answers:
        return Answers(self._views, WORKSPACE)
