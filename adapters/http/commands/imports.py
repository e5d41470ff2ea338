"""Lists of people by upload: kept in a file while they are imported, with progress.

If the process dies, the pages already imported stay; repeating the same list under the same key
continues the import and takes nobody twice.
"""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import structlog

from adapters.composition.programs import recipients_file
from adapters.http.commands.keys import StillRunning
from adapters.http.commands.operation import Asked, Body, Operation, Preview, Told
from adapters.http.commands.performing import Answer, Commands, Refused
from adapters.http.commands.recipients import suppressing
from adapters.http.problems import NotFound, Problem
from engine.command_context import Look
from engine.work.import_recipients import Import, Imported, ImportRefused
from engine.work.kept_requests import Kept
from engine.work.permissions import Act
from engine.work.ports import RecipientsError, RejectedLine

if TYPE_CHECKING:
    from adapters.composition.programs import RecipientsFile

log = structlog.get_logger("sendledger.http")

MOST_TOLD = 200
"""Rejected lines in an answer, at most."""
AT_ONCE = 2
PREFIX = "sendledger-upload-"
_turns = threading.BoundedSemaphore(AT_ONCE)


class Listed(NamedTuple):
    """What was uploaded; it takes the place of the JSON body."""

    file: Path
    names: Mapping[str, str]
    """Columns of the file whose names differ from ours."""
    skip_undecodable: bool

    @property
    def people(self) -> "RecipientsFile":
        return recipients_file(self.file, self.names, skip_undecodable=self.skip_undecodable)


def upload() -> IO[bytes]:
    """A file that nobody else can read; the caller has to delete it."""
    return NamedTemporaryFile(prefix=f"{PREFIX}{os.getpid()}-", delete=False)


def _delete_orphans() -> None:
    """Delete the uploads of processes that were killed."""
    for each in Path(gettempdir()).glob(f"{PREFIX}*"):
        process = each.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            each.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


class Imports:
    """The imports of one process. Each process that serves HTTP has one."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        _delete_orphans()

    def begin(self, operation: Operation, asked: Asked) -> Answer:
        """Start an import of the uploaded file. Raises ``Problem``; then nothing is imported."""
        stack = ExitStack()
        with stack:
            listed: Listed = asked.body
            stack.callback(listed.file.unlink, missing_ok=True)
            lines = _readable(listed)
            _require_campaign(asked)
            stack.enter_context(self._commands.under_way.alone(asked.workspace, asked.key.id))
            kept = self._commands.begun(operation, asked)
            if kept.answer is not None:
                return self._commands.replayed(kept)
            told = _progress(kept, Imported(), [], "running", lines)
            self._commands.kept.note(kept, told)
            going_on = stack.pop_all()
            work = Job(self._commands, asked, kept, lines, self._stopping.is_set)
            thread = threading.Thread(target=_run, args=(work, going_on), name="import")
            thread.start()
            self._threads = [each for each in (*self._threads, thread) if each.is_alive()]
            return Answer(told, 202)
        raise AssertionError("the stack swallows nothing")

    def progress(self, workspace: str, key: str) -> Told:
        """The progress of an import, whichever process began it. Raises ``NotFound``."""
        kept = self._commands.kept.find(workspace, f"http.{key}")
        if kept is None or kept.progress is None or "lines" not in kept.progress:
            raise NotFound("import", key)
        if kept.answer is not None:
            return kept.answer
        try:
            with self._commands.under_way.alone(workspace, kept.key):
                return {**kept.progress, "state": "interrupted"}
        except StillRunning:
            return kept.progress

    def stop(self) -> None:
        """Stop each import after its current page; it can be continued later."""
        self._stopping.set()
        for each in self._threads:
            each.join()


class Job(NamedTuple):
    commands: Commands
    asked: Asked
    kept: Kept
    lines: int
    stopped: Callable[[], bool]

    def run(self) -> None:
        rejected: list[Told] = []
        told = _progress

        def reject(line: RejectedLine) -> None:
            if len(rejected) < MOST_TOLD:
                rejected.append({"line": line.line, "column": line.column, "problem": line.problem})

        def wanted(so_far: Imported) -> bool:
            progress = told(self.kept, so_far, rejected, "running", self.lines)
            self.commands.kept.note(self.kept, progress)
            return not self.stopped()

        job = Import(
            engine=self.asked.engine,
            directory=self.asked.site.program.opened.directory,
            workspace=self.asked.workspace,
            campaign_id=self.asked.names["campaign_id"],
            actor=self.asked.actor,
            reject=reject,
            new_id=self.asked.key.new_ids("page"),
        )
        try:
            done = job.run(self.asked.body.people, wanted)
        except ImportRefused as refused:
            self.commands.kept.finish(self.kept, 409, Refused(refused.refusal).body())
            return
        if not self.stopped() or done.lines >= self.lines:
            answer = told(self.kept, done, rejected, "done", self.lines)
            self.commands.kept.finish(self.kept, 200, answer)


def _run(job: Job, going_on: ExitStack) -> None:
    """Run an import; any error leaves it interrupted."""
    with going_on, _turns:
        try:
            job.run()
        except Exception as error:
            log.exception("an import ended", error=type(error).__name__)


def _progress(
    kept: Kept, done: Imported, rejected: list[Told], state: str, lines: int
) -> dict[str, Any]:
    return {
        "import_id": kept.key.removeprefix("http."),
        "state": state,
        "of": lines,
        **done._asdict(),
        "rejected_lines": rejected,
    }


def _readable(listed: Listed) -> int:
    """The number of lines. Raises ``Problem`` for a list that cannot be read to its end."""
    try:
        return listed.people.count()
    except RecipientsError as error:
        told = str(error).replace(str(listed.file), "The list")
        raise Problem(422, "unreadable_list", told) from None


def _require_campaign(asked: Asked) -> None:
    name = asked.names["campaign_id"]
    with asked.engine.look(asked.workspace) as now:
        if now.campaign(name).status is None:
            raise NotFound("campaign", name)


def _suppress_all(asked: Asked, _progress: object) -> Told:
    return _told(asked, dry=False)


def _suppressing_all(asked: Asked, _: Look) -> Told:
    """The counts that carrying it out would give."""
    return _told(asked, dry=True)


def _told(asked: Asked, *, dry: bool) -> Told:
    listed: Listed = asked.body
    _readable(listed)
    done = suppressing(asked).run(listed.people.lines(), dry=dry)
    rejected = [{"line": e.line, "column": e.column, "problem": e.problem} for e in done.rejected]
    return {
        **done._asdict(),
        "domains": [*done.domains],
        "rejected": len(rejected),
        "rejected_lines": rejected[:MOST_TOLD],
    }


IMPORT = Operation(
    "import_recipients",
    "/campaigns/{campaign_id}/import",
    "Import recipients from a CSV file: its octets are the body.",
    Act.RUN,
    Body,
)
SUPPRESS_ALL = Operation(
    "import_suppressions",
    "/suppressions/import",
    "Suppress the addresses and domains of a CSV file (M7).",
    Act.SUPPRESS,
    Body,
    steps=_suppress_all,
    preview=Preview(_suppressing_all),
)
