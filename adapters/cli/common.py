"""What all commands share: the opened store, and deciding commands in it."""

import getpass
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import uuid4

from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.output import fail, unknown
from adapters.screen.where import Where

if TYPE_CHECKING:
    from adapters.composition.programs import Opened
    from adapters.settings.model import EngineSettings
    from aggregates.command import Command
    from engine.answers.current import Current
    from engine.answers.workspace_answers import Answers
    from engine.command_context import Neighbours
    from engine.engine import Engine
    from engine.planning.why_not_now import Moment
    from engine.ports.check_schedule import CheckSchedule
    from engine.ports.coordination import Coordination
    from engine.ports.log import Log
    from engine.ports.store import Store as AnyStore
    from engine.ports.view_status import Stop
    from engine.ports.views import Views
    from engine.reply import Reply
    from engine.work.ports import Directory
    from projections.projection import Projection


class Here(Protocol):
    """An opened store, for as long as a command takes."""

    @property
    def at(self) -> Where: ...

    @property
    def settings(self) -> "EngineSettings": ...

    @property
    def directory(self) -> "Directory": ...

    @property
    def workspace(self) -> str: ...

    def answers(self) -> "Answers":
        """The answers for the workspace, as the law has it now."""
        ...

    def look(self) -> "AbstractContextManager[Neighbours]":
        """Its accounts, campaigns and slots now, as if all that is due were settled."""
        ...


class Asked(NamedTuple):
    """A store opened to be read: nothing in it can change."""

    at: Where
    settings: "EngineSettings"
    directory: "Directory"
    coordination: "Coordination"
    current: "Current"
    schedule: "CheckSchedule"
    moment: "Moment"
    """The moment that is used to explain why somebody is not written to now."""

    @property
    def workspace(self) -> str:
        return self.current.workspace

    def answers(self) -> "Answers":
        return self.current.answers()

    def look(self) -> "AbstractContextManager[Neighbours]":
        return nullcontext(self.current.aggregates)


@contextmanager
def asking(at: Where, *, strict: bool = True) -> Iterator[Asked]:
    """Open the store to ask about one workspace; ends the program if it is unknown.

    ``strict`` refuses to answer from a view that is older than the others.
    """
    from adapters.composition import programs
    from engine.answers.current import current
    from engine.planning.why_not_now import Moment
    from engine.work.mailing.inboxes import WorkspaceInboxes

    with explained():
        settings = settings_of(at)
        with programs.asking(settings) as opened:
            require_workspace(opened.store, settings.workspace)
            with current(
                opened.store,
                opened.views,
                settings.workspace,
                settings.policy,
                fence=opened.fence,
                strict=strict,
            ) as now:
                schedule = programs.StoredCheckSchedule(opened.beside)
                cursors = programs.StoredCursors(opened.beside)
                inboxes = WorkspaceInboxes(cursors, now.workspace)
                fenced = now.fenced is not None
                moment = Moment(now.aggregates, now.now, settings.policy, inboxes, fenced)
                directory, coordination = opened.directory, opened.coordination
                yield Asked(at, settings, directory, coordination, now, schedule, moment)


@contextmanager
def reading(at: Where) -> Iterator["Opened"]:
    """Open the store to ask about it as a whole. A workspace, if given, must be known."""
    from adapters.composition import programs

    with explained(), programs.asking(settings_of(at)) as opened:
        if at.workspace is not None:
            require_workspace(opened.store, at.workspace)
        yield opened


def require_name(what: str, name: str) -> None:
    """End the program if a new name is invisible or cannot be told from another."""
    from engine.work.names import name_problem

    problem = name_problem(name)
    if problem is not None:
        fail(f"The name of the {what} {problem}: {name!r}. Choose another.", EXIT_UNREADABLE)


def require_workspace(log: "Log", workspace: str) -> None:
    """End the program if other workspaces are known and this one is not."""
    known = log.workspaces()
    if known and workspace not in known:
        unknown("workspace", workspace, known)


class Session(NamedTuple):
    """A store opened to act. Views that no other process keeps are brought up to date after it."""

    at: Where
    settings: "EngineSettings"
    opened: "Opened"
    engine: "Engine"
    workspace: str

    @property
    def store(self) -> "AnyStore":
        return self.opened.store

    @property
    def views(self) -> "Views":
        return self.opened.views

    @property
    def directory(self) -> "Directory":
        return self.opened.directory

    def answers(self) -> "Answers":
        """The workspace's answers. Raises ``ViewStopped`` if one view is older than the rest."""
        from engine.answers.workspace_answers import Answers
        from engine.ports.errors import ViewStopped

        for projection, stop in self.catch_up().items():
            raise ViewStopped(projection, stop)
        return Answers(self.views, self.workspace)

    def look(self) -> "AbstractContextManager[Neighbours]":
        return self.engine.look(self.workspace)

    def catch_up(self) -> "dict[Projection, Stop]":
        """Bring the views to the log's end. Answers those that are stopped.

        A view that another process leads is left to it, and waited for.
        """
        from engine.waiting import keep_or_wait
        from projections.shipped import SHIPPED

        return keep_or_wait(self.store, self.views, SHIPPED)

    def keep_views(self) -> None:
        """Bring the views that no other process leads to the log's end."""
        from engine.projecting import ProjectionRunner
        from projections.shipped import SHIPPED

        led = self.views.keepers(SHIPPED)
        free = [each for each in SHIPPED if each not in led]
        ProjectionRunner(self.store, self.views, free).keep_up()

    def ask(self, command: "Command") -> "Reply":
        """Decide the command for the person at the keyboard. A refusal ends the program."""
        return self.insist(self.try_(command))

    def try_(self, command: "Command") -> "Reply":
        """Decide the command, and return the answer whatever it is."""
        return self.engine.execute(self.workspace, command, command_id=uuid4().hex, actor=actor())

    def insist(self, answer: "Reply") -> "Reply":
        """End the program if the answer is a refusal."""
        if answer.refusal is not None:
            refusal = answer.refusal
            text = f"Refused ({refusal.code}): {refusal.message}"
            fail(text, EXIT_REFUSED, code=refusal.code)
        return answer


@contextmanager
def session(at: Where, *, create: bool = False) -> Iterator[Session]:
    """Open the store; ``create`` makes one if there is none."""
    from adapters.composition.programs import running
    from engine.ports.errors import StoreError
    from engine.work.ports import RecipientsError

    with explained(RecipientsError):
        settings = settings_of(at)
        with running(settings, create=create) as program:
            here = Session(at, settings, program.opened, program.engine, settings.workspace)
            yield here
            with suppress(StoreError):  # the command is done; the next one continues the views
                here.keep_views()


def actor() -> str:
    """The actor under whom the person at the keyboard is recorded."""
    return f"user:{person()}"


def person() -> str:
    """The person at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def moment(text: str) -> datetime:
    """The time in the text. One without a zone is refused, never guessed."""
    try:
        named = datetime.fromisoformat(text.strip())
    except ValueError:
        fail(f"Expected a time like 2026-03-02T09:00:00Z, found {text!r}.", EXIT_UNREADABLE)
    if named.tzinfo is None:
        fail(f"The time {text} has no zone. Write {text}Z for UTC, or {text}+01:00.", 2)
    return named.astimezone(UTC)


def settings_of(at: Where) -> "EngineSettings":
    from adapters.settings.loading import load_settings

    return load_settings(store=at.store, workspace=at.workspace)
