"""An import at the keyboard: checked first, with a progress bar, and stopped by Ctrl-C."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.cli.common import Session, actor
from adapters.composition.programs import rejections_into, store_files
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say
from adapters.screen.output_files import (
    OutputFileError,
    OutputRefused,
    appearing,
    require_free,
    unused,
)
from engine.answers.telling.words import counted
from engine.work.import_recipients import Import, Imported, ImportRefused

if TYPE_CHECKING:
    from adapters.composition.programs import RecipientsFile
    from engine.work.migrating import Migration

EXIT_INTERRUPTED = 130


def read_names(texts: Sequence[str] | None) -> Mapping[str, str]:
    """Names of the file's columns for ours, from texts such as ``Email Address=email``."""
    names = {}
    for text in texts or ():
        header, equals, column = text.rpartition("=")
        if not equals or not header.strip() or not column.strip():
            fail(f"Expected HEADER=COLUMN, found {text!r}.", EXIT_UNREADABLE)
        names[header] = column
    return names


def import_file(
    here: Session,
    campaign: str,
    people: "RecipientsFile",
    report: Path | None,
    *,
    migration: "Migration | None" = None,
    force: bool,
    as_json: bool,
) -> None:
    """Import a file, unless it cannot be read to its end. ``migration``: the people come with what
    another program sent them."""
    chosen = report or unused(people.path.with_name(f"{people.path.name}.rejected.csv"))
    try:
        require_free(chosen, in_use=[people.path, *store_files(here.settings)], force=force)
        header, lines = people.header(), people.count()
        if header.delimiter != "," and not as_json:
            say(f"Columns of {people.path.name} are separated by {header.separated_by}.")
        done, stopped = _import(here, campaign, people, chosen, migration, lines, force=force)
    except OutputFileError as error:
        fail(str(error), EXIT_UNREADABLE if isinstance(error, OutputRefused) else EXIT_FAILED)
    except ImportRefused as error:
        fail(f"Refused ({error.refusal.code}): {error}", EXIT_REFUSED)
    written = chosen if done.rejected or done.stopped or done.suppressed else None
    _tell(campaign, done, written, interrupted=stopped and done.lines < lines, as_json=as_json)


def _import(
    here: Session,
    campaign: str,
    people: "RecipientsFile",
    report: Path,
    migration: "Migration | None",
    lines: int,
    *,
    force: bool,
) -> tuple[Imported, bool]:
    """What was imported, and whether it was interrupted."""
    with (
        _stoppable() as stopped,
        appearing(report, force=force, even_if_empty=False) as file,
        _bar(lines) as advance,
    ):

        def wanted(so_far: Imported) -> bool:
            advance(so_far.lines)
            return not stopped()

        job = Import(
            engine=here.engine,
            directory=here.directory,
            workspace=here.workspace,
            campaign_id=campaign,
            actor=actor(),
            reject=rejections_into(file),
            new_id=lambda: uuid4().hex,
        )
        if migration is None:
            return job.run(people, wanted), stopped()
        return job._replace(command=migration.command).run(migration, wanted), stopped()


def _tell(
    campaign: str, done: Imported, report: Path | None, *, interrupted: bool, as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "campaign_id": campaign,
                **done._asdict(),
                "report": str(report) if report else None,
                "interrupted": interrupted,
            }
        )
    else:
        say(
            f"{campaign}: {done.taken} taken, {done.known} known already, {done.stopped} stopped "
            f"before, {done.suppressed} suppressed, {done.rejected} rejected, "
            f"of {counted(done.lines, 'line')}."
        )
        if report:
            say(f"What was wrong with them: {report}")
    if interrupted:
        fail("Stopped. Import the file again to take the others.", EXIT_INTERRUPTED)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C stops the import after the current page; a second one undoes that page."""
    asked = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(lines: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, shown only in a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=lines)
        yield lambda completed: progress.update(task, completed=completed)
