"""A program over a store: which store, which engine, who watches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from adapters.settings.model import EngineSettings
from adapters.stores.opening import (
    Migrated,
    Opened,
    appends,
    migrate,
    open_store,
    rebuild,
)
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from aggregates.command import DEFAULT_POLICY, Policy
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock
from engine.work.ports import RejectedLine

if TYPE_CHECKING:
    from adapters.csv.leads_csv import LeadsFile as LeadsFile  # noqa: PLC0414 told on
    from adapters.csv.recipients_csv import RecipientsFile as RecipientsFile  # noqa: PLC0414 told on
    from adapters.stores.memory import MemoryStore, MemoryViews
    from adapters.worker.step_by_step import StepByStep as StepByStep  # noqa: PLC0414 told on
    from engine.answers.health import Health, SignedLag, WebhookStanding
    from engine.engine import Engine

__all__ = [
    "Migrated",
    "Opened",
    "StoredCheckSchedule",
    "StoredCursors",
    "appends",
    "migrate",
    "rebuild",
]


class Program(NamedTuple):
    """An opened store and the engine over it, by its settings."""

    settings: EngineSettings
    opened: Opened
    engine: "Engine"


@contextmanager
def running(settings: EngineSettings, *, create: bool = False) -> Iterator[Program]:
    """The settings' store, opened for reading and writing until the end of the block.

    ``create`` makes one where there is none. Raises ``StoreError``.
    """
    with closing(_open(settings, create=create)) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def asking(settings: EngineSettings) -> Iterator[Opened]:
    """The settings' store, opened so that nothing of it can change. Raises ``StoreError``."""
    with closing(_open(settings, read_only=True)) as opened:
        yield opened


@contextmanager
def working(settings: EngineSettings) -> Iterator[Program]:
    """As ``running``, for a worker: the store is made, and logs, figures and spans are as set.

    Raises ``StoreError``, and ``SettingsError`` for a port that cannot be had.
    """
    from adapters.observing.logs import configure_logs
    from adapters.observing.watching import watched

    configure_logs(settings)
    with (
        closing(_open(settings, create=True)) as opened,
        watched(partial(health_of, opened, settings.proof_folder), settings) as observer,
    ):
        yield Program(settings, opened, engine_over(opened, settings, observer))


def _open(settings: EngineSettings, *, create: bool = False, read_only: bool = False) -> Opened:
    """Where the log is signed, its last checkpoint is a witness of the fence (M6)."""
    opened = open_store(settings, create=create, read_only=read_only)
    if settings.proof_folder is not None:
        from adapters.composition.proofs import last_signed_of

        opened.fence.signed = last_signed_of(opened, settings.proof_folder)
    return opened


def logs_beside_answers() -> None:
    """Logs of a command go to standard error: its answer alone is on standard output."""
    from adapters.observing.logs import logs_to_standard_error

    logs_to_standard_error()


def log_as_set(settings: EngineSettings) -> None:
    """For a process that is no worker and no command of a person."""
    from adapters.observing.logs import configure_logs

    configure_logs(settings)


def health_of(opened: Opened, proof_folder: Path | None = None) -> "Health":
    """How an opened store is now, and what of it is signed in that folder.

    Raises ``StoreError`` if it is lost.
    """
    from adapters.stores.small_tables.relay_mark import StoredMark
    from engine.answers.health import look

    schedule, mark = StoredCheckSchedule(opened.beside), StoredMark(opened.beside)
    found = look(opened.store, opened.views, opened.coordination, schedule, mark)
    signed = _signed(opened, proof_folder)
    return found._replace(fenced=opened.fence.closed(), webhooks=_webhooks(opened), signed=signed)


def _signed(opened: Opened, folder: Path | None) -> "SignedLag | None":
    from adapters.composition.proofs import signed_entries
    from engine.answers.health import signed_lag

    return signed_lag(opened.store, signed_entries(folder)) if folder is not None else None


def _webhooks(opened: Opened) -> "Sequence[WebhookStanding]":
    from adapters.stores.small_tables.webhooks import StoredEndpoints
    from engine.work.webhooks.standing import standings

    return list(standings(opened.store, StoredEndpoints(opened.beside)))


def engine_over(opened: Opened, settings: EngineSettings, observer: Observer = SILENT) -> "Engine":
    from engine.engine import Engine

    return Engine(
        opened.store,
        settings.policy,
        cache_size=settings.cache_size,
        cache_people=settings.cache_people,
        snapshot_every=settings.snapshot_every,
        observer=observer,
        fence=opened.fence,
    )


@contextmanager
def served(settings: EngineSettings) -> Iterator[None]:
    """Keep others from serving the settings' embedded store. Raises ``StoreError``."""
    from adapters.stores.opening import path_of
    from adapters.stores.sqlite.serve_lock import serve_lock

    with serve_lock(path_of(settings.store)):
        yield


@contextmanager
def staged(settings: EngineSettings, clock: Clock) -> Iterator[Program]:
    """A new embedded store that goes by a clock of its own. Raises ``StoreError``."""
    from adapters.stores.opening import opened_file, path_of
    from adapters.stores.sqlite import SQLiteStore

    store = SQLiteStore(path_of(settings.store), clock)
    with closing(opened_file(store, settings.witness_folder)) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def watched_by(settings: EngineSettings, clock: Clock) -> Iterator[Opened]:
    """An embedded store that goes by a clock of its own, opened so that nothing of it can change.

    Raises ``StoreError``.
    """
    from adapters.stores.opening import opened_file, path_of
    from adapters.stores.sqlite import SQLiteStore

    store = SQLiteStore(path_of(settings.store), clock, create=False, read_only=True)
    with closing(opened_file(store, settings.witness_folder)) as opened:
        yield opened


@contextmanager
def step_by_step(program: Program) -> Iterator["StepByStep"]:
    """A worker that does everything, where nobody else does.

    Raises ``StoreError`` where the store is served already.
    """
    from adapters.worker.duties import duties
    from adapters.worker.roles import ALL
    from adapters.worker.step_by_step import StepByStep

    with program.opened.coordination.serving("step by step", ALL) as member:
        found = duties(program, member, ALL, lambda: True)
        try:
            yield StepByStep(program.opened.store, found)
        finally:
            for duty in found:
                duty.close()


def store_files(settings: EngineSettings) -> Sequence[Path]:
    """Every file in which the store may be; none for a server's."""
    from adapters.stores.opening import Kind, kind_of, path_of

    if kind_of(settings.store) is Kind.POSTGRES:
        return []
    path = path_of(settings.store)
    suffixes = ("", "-wal", "-shm", "-journal", ".serve")
    return [
        each.with_name(f"{each.name}{suffix}")
        for each in (path, path.resolve())
        for suffix in suffixes
    ]


def recipients_file(
    path: Path, names: Mapping[str, str], *, skip_undecodable: bool = False
) -> "RecipientsFile":
    from adapters.csv.recipients_csv import RecipientsFile

    return RecipientsFile(path, names, skip_undecodable=skip_undecodable)


def leads_file(
    path: Path, names: Mapping[str, str], tool: str, *, skip_undecodable: bool = False
) -> "LeadsFile":
    """A list that another program exported."""
    from adapters.csv.leads_csv import LeadsFile

    return LeadsFile(path, names, tool, skip_undecodable=skip_undecodable)


def rejections_into(file: IO[bytes]) -> Callable[[RejectedLine], None]:
    """Writes rejected lines into that file."""
    from adapters.csv.rejected_lines import RejectedLines

    return RejectedLines(file).add


class Rehearsal(NamedTuple):
    """An engine that nothing survives: for scenarios and histories lived again."""

    store: "MemoryStore"
    views: "MemoryViews"
    engine: "Engine"


def rehearsal(clock: Clock, policy: Policy = DEFAULT_POLICY) -> Rehearsal:
    from adapters.stores.memory import MemoryStore, MemoryViews
    from engine.engine import Engine
    from engine.fence import Unfenced

    store = MemoryStore(clock)
    return Rehearsal(store, MemoryViews(), Engine(store, policy, fence=Unfenced()))
