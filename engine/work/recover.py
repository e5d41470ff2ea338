"""Bring a store that was restored from a backup back to the state that the stream knows.

First the log (``recover_log``), then what derives from it, then the directory, which is not in the
stream: people forgotten after the backup are forgotten again, and recipients who were added after
it are reported.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.answers.workspace_answers import Answers
from engine.decoding import decode_page
from engine.engine import Engine
from engine.fence import Unfenced
from engine.indexes import rebuild_indexes
from engine.ports.coordination import Coordination
from engine.ports.errors import StoreError
from engine.ports.log import Log, StoreIdentity
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from engine.stream.source import StreamSource
from engine.work.forgetting import Forgetters, forget
from engine.work.ports import Directory
from engine.work.recover_log import PAGE, Progress, RecoveredLog, recover_log
from events.campaign import RecipientAdded
from events.recipient import RecipientForgotten
from events.recorded import Recorded
from events.vocabulary import RecipientId
from projections.shipped import SHIPPED

NAME = "recovery"
PATIENCE = 5.0
"""Seconds to wait for another recovery of the same store."""
BEGUN = (
    "A recovery of this store from the stream has begun and is not complete. Nobody may work on "
    "the store before it is: recover it again, which goes on where it was."
)
NOT_RECOVERED = (
    "The vault has the passwords and tokens of the backup: reconnect the accounts that fail.",
    "The outbox and used links are those of the backup: a notice may be delivered once more.",
    "Tokens for programs are those of the backup: withdraw again what was withdrawn since.",
    "Names and addresses since the backup are lost: such recipients cannot be written to.",
    "An address that was stopped or forgotten since is not refused when it is imported again.",
    "What servers said since the backup is lost, and of refusals the sentences; the codes stay.",
)
"""What the stream does not contain, one sentence each."""

Person = tuple[str, RecipientId]
"""Workspace and recipient."""


class AtWork(StoreError):
    sentence = (
        "{worker} is working on the store. Nothing was written; stop every worker, then recover "
        "again."
    )


class Recovered(NamedTuple):
    log: RecoveredLog
    forgotten_again: Sequence[Person]
    """People whom the backup had brought back into the directory."""
    nameless: Sequence[Person]
    """Recipients that the directory does not know: nothing can be sent to them."""


class Restored(NamedTuple):
    """A store that came from a backup, and everything that accompanies its log."""

    store: Store
    views: Views
    coordination: Coordination
    keep: Forgetters
    begin_generation: Callable[[], StoreIdentity]


def recover(
    restored: Restored,
    source: StreamSource,
    progress: Progress = lambda _entry: None,
    page: int = PAGE,
) -> Recovered:
    """Recover the store, with exclusive access. Raises what ``recover_log`` raises, ``AtWork`` and
    ``StillHeld``."""
    coordination = restored.coordination
    with coordination.exclusively(NAME, PATIENCE):
        for worker in coordination.workers() or ():
            raise AtWork(worker=worker.name)
        with coordination.serving(NAME, [NAME]):
            log = _recover_log(restored, source, progress, page)
            people = _recover_people(restored)
            coordination.calm(NAME)
    return Recovered(log, *people)


def _recover_log(
    restored: Restored, source: StreamSource, progress: Progress, page: int
) -> RecoveredLog:
    """Recover the log and rebuild what derives from it, even if the stream breaks off."""
    alarms: list[bool] = []

    def before_writing() -> None:
        if not alarms:
            alarms.append(restored.coordination.alarm(NAME, BEGUN))

    try:
        found = recover_log(
            restored.store,
            source,
            before_writing=before_writing,
            progress=progress,
            page=page,
            begin_generation=restored.begin_generation,
        )
    except Exception:
        if alarms:
            _derive(restored)
        raise
    _derive(restored)
    return found


def _derive(restored: Restored) -> None:
    """Rebuild the indexes and views. Snapshots stay: the log still has their versions."""
    rebuild_indexes(restored.store)
    ProjectionRunner(restored.store, restored.views, SHIPPED).keep_up()


def _recover_people(restored: Restored) -> tuple[Sequence[Person], Sequence[Person]]:
    directory = restored.keep.directory
    forgotten, nameless = _people(restored.store, directory)
    again = [
        (workspace, recipient)
        for workspace, recipient in forgotten
        if directory.person(workspace, recipient) is not None
    ]
    for workspace, recipient in again:
        _forget(restored, workspace, recipient)
    return again, [each for each in nameless if each not in forgotten]


def _forget(restored: Restored, workspace: str, recipient: RecipientId) -> None:
    answers = Answers(restored.views, workspace)

    def suppressed() -> bool:
        with Engine(restored.store, fence=Unfenced()).look(workspace) as now:
            return recipient in now.suppressions().people

    forgotten = forget(
        restored.keep,
        workspace,
        recipient,
        restored.store.last_position,
        lambda: answers.everywhere(recipient),
        suppressed=suppressed,
    )
    if forgotten is None:
        raise AtWork(worker="Another program")


def _people(log: Log, directory: Directory) -> tuple[dict[Person, None], dict[Person, None]]:
    """People who are forgotten according to the log; and those who were added but are neither known
    to the directory nor forgotten."""
    forgotten: dict[Person, None] = {}
    nameless: dict[Person, None] = {}
    for page in _pages(log):
        for each in page:
            if isinstance(each.event, RecipientForgotten):
                forgotten[each.workspace, each.event.recipient_id] = None
        nameless |= dict.fromkeys(_unknown(page, directory))
    return forgotten, nameless


def _pages(log: Log) -> Iterator[list[Recorded]]:
    position = 0
    while page := list(decode_page(log.read(position, PAGE), position)):
        yield page
        position = page[-1].position


def _unknown(page: Sequence[Recorded], directory: Directory) -> Iterator[Person]:
    added: dict[str, dict[RecipientId, None]] = {}
    for each in page:
        if isinstance(each.event, RecipientAdded):
            added.setdefault(each.workspace, {})[each.event.recipient_id] = None
    for workspace, recipients in added.items():
        known = directory.people(workspace, recipients)
        for recipient in recipients:
            if recipient not in known and not directory.forgotten_at(workspace, recipient):
                yield workspace, recipient
