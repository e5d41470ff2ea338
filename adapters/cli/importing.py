"""An import at the keyboard: checked beforehand, with a progress bar, and stoppable by Ctrl-C."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.cli.common import Session, person
from adapters.csv.recipients_csv import count_lines
from adapters.csv.rejected_lines import rejected_lines
from adapters.screen.exit_codes import EXIT_REFUSED
from adapters.screen.output import fail, print_json, say
from engine.engine import Engine
from engine.work.import_recipients import NEVER, Import, Imported, ImportRefused

EXIT_INTERRUPTED = 130


def import_file(
    here: Session, campaign: str, file: Path, report: Path, *, skip_undecodable: bool, as_json: bool
) -> None:
    """Nothing is taken from a file that cannot be read to its end."""
    lines = count_lines(file, skip_undecodable=skip_undecodable)
    engine = Engine(here.store, here.settings.policy, snapshot_every=NEVER)
    done = Imported()

    with _stoppable() as stopped, rejected_lines(report) as rejected, _bar(lines) as advance:

        def wanted(so_far: Imported) -> bool:
            nonlocal done
            done = so_far
            advance(so_far.lines)
            return not stopped()

        actor = f"user:{person()}"
        job = Import(engine, here.directory, here.workspace, campaign, actor, rejected)
        try:
            job.run(file, skip_undecodable=skip_undecodable, wanted=wanted)
        except ImportRefused as error:
            fail(f"Refused ({error.refusal.code}): {error}", EXIT_REFUSED)
    _tell(campaign, done, report, interrupted=stopped() and done.lines < lines, as_json=as_json)


def _tell(campaign: str, done: Imported, report: Path, *, interrupted: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "campaign_id": campaign,
                **done._asdict(),
                "report": str(report),
                "interrupted": interrupted,
            }
        )
    else:
        say(
            f"{campaign}: {done.taken} taken, {done.known} known already, {done.stopped} stopped "
            f"before, {done.rejected} rejected, of {done.lines} lines."
        )
        if done.rejected or done.stopped:
            say(f"What was wrong with them: {report}")
    if interrupted:
        fail("Stopped. Import the file again to take the others.", EXIT_INTERRUPTED)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the import after its page; a second one at once, the page undone."""
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
    """On standard error, and only on a screen."""
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
