"""What every command shares: options, exit codes, the opened store, and how errors are told."""

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn
from uuid import uuid4

import typer

if TYPE_CHECKING:
    from adapters.settings import EngineSettings
    from aggregates.command import Command
    from engine.answers.workspace_answers import Answers
    from engine.engine import Engine
    from engine.ports.coordination import Coordination
    from engine.ports.store import Store as AnyStore
    from engine.ports.views import Views
    from engine.reply import Reply
    from engine.work.ports import Directory

EXIT_FAILED = 1
"""Something went wrong: the store, a file, an unreadable event."""
EXIT_UNREADABLE = 2
"""The input or the command line cannot be read; nothing was done."""
EXIT_REFUSED = 3
"""The law refused; nothing was changed but what the message says."""
EXIT_UNKNOWN = 4
"""There is nothing of that name."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Store = Annotated[
    str | None,
    typer.Option(metavar="STORE", help="A path, or postgresql://… Default: the setting `store`."),
]
Workspace = Annotated[
    str | None, typer.Option(help="The workspace. Default: the setting `workspace`.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]


class Session(NamedTuple):
    """The store opened for the length of one command, its answers caught up."""

    settings: "EngineSettings"
    store: "AnyStore"
    engine: "Engine"
    views: "Views"
    directory: "Directory"
    coordination: "Coordination"
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
        return self.engine.execute(
            self.workspace, command, command_id=uuid4().hex, actor=f"user:{person()}"
        )

    def insist(self, answer: "Reply") -> "Reply":
        """A refusal ends the program."""
        if answer.refusal is not None:
            fail(f"Refused ({answer.refusal.code}): {answer.refusal.message}", EXIT_REFUSED)
        return answer


@contextmanager
def session(store: str | None, workspace: str | None, *, create: bool = False) -> Iterator[Session]:
    """Open the store; ``create`` makes one where there is none."""
    from adapters.stores.opening import open_store
    from engine.engine import Engine

    with explained():
        settings = settings_of(store, workspace)
        with closing(open_store(settings, create=create)) as opened:
            engine = Engine(
                opened.store,
                settings.policy,
                cache_size=settings.cache_size,
                snapshot_every=settings.snapshot_every,
            )
            yield Session(
                settings,
                opened.store,
                engine,
                opened.views,
                opened.directory,
                opened.coordination,
                settings.workspace,
            )


def person() -> str:
    """Who sits at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def say(sentence: str) -> None:
    """One line for the person at the keyboard."""
    typer.echo(sentence)


def agreed(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees, here or by ``--yes``."""
    if not yes and not typer.confirm(question, err=True):
        fail("Nothing was changed.")


def group_options(context: typer.Context) -> bool:
    """Is it the group itself that was asked for? Its options belong to no command of it."""
    if context.invoked_subcommand is None:
        return True
    given = [name for name, value in context.params.items() if value not in (None, False)]
    if given:
        names = ", ".join(f"--{'json' if name == 'as_json' else name}" for name in given)
        fail(f"Write {names} after `{context.invoked_subcommand}`.", EXIT_UNREADABLE)
    return False


def moment(text: str) -> datetime:
    """A time somebody named. One without a zone is asked for again, never guessed."""
    try:
        named = datetime.fromisoformat(text.strip())
    except ValueError:
        fail(f"Expected a time like 2026-03-02T09:00:00Z, found {text!r}.", EXIT_UNREADABLE)
    if named.tzinfo is None:
        fail(f"The time {text} has no zone. Write {text}Z for UTC, or {text}+01:00.", 2)
    return named.astimezone(UTC)


FEW = 10


def unknown(what: str, name: str, known: list[str]) -> NoReturn:
    """There is no such thing; name the nearest that is known."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.4)
    if near:
        hint = f" Did you mean {', '.join(near)}?"
    else:
        hint = f" Known: {', '.join(known[:FEW]) or 'none'}{' …' if len(known) > FEW else ''}."
    fail(f"There is no {what} {name}.{hint}", EXIT_UNKNOWN)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def explained() -> Iterator[None]:
    """Errors a person can do something about, on one screen, without a traceback."""
    from adapters.csv.recipients_csv import RecipientsFileError
    from adapters.settings import SettingsError
    from engine.ports.errors import StoreError
    from events.catalogue import UnreadableEvent

    try:
        yield
    except (StoreError, SettingsError, UnreadableEvent, RecipientsFileError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("Stopped. What was answered is in the store; nothing is half done.", 130)


def settings_of(store: str | None, workspace: str | None) -> "EngineSettings":
    from adapters.settings import load_settings

    return load_settings(store=store, workspace=workspace)
