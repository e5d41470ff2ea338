"""What every command of the command line shares: the opened store, and commands given to it."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.output import fail

if TYPE_CHECKING:
    from adapters.settings import EngineSettings
    from aggregates.command import Command
    from engine.answers.workspace_answers import Answers
    from engine.engine import Engine
    from engine.ports.coordination import Coordination
    from engine.ports.store import Store as AnyStore
    from engine.ports.views import Views
    from engine.reply import Reply
    from engine.work.ports import Directory, EvidenceStore


class Session(NamedTuple):
    """The store opened for the length of one command, its answers caught up."""

    settings: "EngineSettings"
    store: "AnyStore"
    engine: "Engine"
    views: "Views"
    directory: "Directory"
    coordination: "Coordination"
    evidence: "EvidenceStore"
    workspace: str

    def answers(self) -> "Answers":
        """What the views say now, caught up with the log."""
        from engine.answers.workspace_answers import Answers

        self.catch_up()
        return Answers(self.views, self.workspace)

    def catch_up(self) -> None:
        from engine.projecting import ProjectionRunner
        from projections.shipped import SHIPPED

        ProjectionRunner(self.store, self.views, SHIPPED).catch_up()

    def ask(self, command: "Command") -> "Reply":
        """Have the command decided, as the person at the keyboard. A refusal ends the program."""
        return self.insist(self.try_(command))

    def try_(self, command: "Command") -> "Reply":
        """Have it decided, whatever the answer."""
        return self.engine.execute(self.workspace, command, command_id=uuid4().hex, actor=actor())

    def insist(self, answer: "Reply") -> "Reply":
        """A refusal ends the program."""
        if answer.refusal is not None:
            refusal = answer.refusal
            text = f"Refused ({refusal.code}): {refusal.message}"
            fail(text, EXIT_REFUSED, code=refusal.code)
        return answer


@contextmanager
def session(store: str | None, workspace: str | None, *, create: bool = False) -> Iterator[Session]:
    """Open the store; ``create`` makes one where there is none."""
    from adapters.composition import running
    from engine.work.ports import RecipientsError

    with explained(RecipientsError):
        settings = settings_of(store, workspace)
        with running(settings, create=create) as program:
            opened = program.opened
            yield Session(
                settings,
                opened.store,
                program.engine,
                opened.views,
                opened.directory,
                opened.coordination,
                opened.evidence,
                settings.workspace,
            )


def actor() -> str:
    """As the person at the keyboard stands in what is recorded."""
    return f"user:{person()}"


def person() -> str:
    """Who sits at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def moment(text: str) -> datetime:
    """A time somebody named. One without a zone is asked for again, never guessed."""
    try:
        named = datetime.fromisoformat(text.strip())
    except ValueError:
        fail(f"Expected a time like 2026-03-02T09:00:00Z, found {text!r}.", EXIT_UNREADABLE)
    if named.tzinfo is None:
        fail(f"The time {text} has no zone. Write {text}Z for UTC, or {text}+01:00.", 2)
    return named.astimezone(UTC)


def settings_of(store: str | None, workspace: str | None) -> "EngineSettings":
    from adapters.settings import load_settings

    return load_settings(store=store, workspace=workspace)
