"""The one place where a running program is put together: which store, which engine, who watches.

Doors ask for what they need here and never name a product. Products are imported where they are
used: who uses one needs nothing of the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from adapters.settings import EngineSettings
from adapters.stores.opening import Migrated, Opened, migrate, open_store, rebuild
from aggregates.command import DEFAULT_POLICY, Policy
from engine.answers.health import Health, look
from engine.engine import Engine
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock
from engine.work.ports import OwnerChannel, Probe, RejectedLine
from events.vocabulary import FailureClass

if TYPE_CHECKING:
    from adapters.csv.recipients_csv import RecipientsFile as RecipientsFile  # noqa: PLC0414 told on
    from adapters.mail.simulated.server import SimulatedMailServer
    from adapters.stores.memory import MemoryStore, MemoryViews

__all__ = ["Migrated", "Opened", "migrate", "rebuild"]


class Program(NamedTuple):
    """An opened store and the engine over it, by its settings."""

    settings: EngineSettings
    opened: Opened
    engine: Engine


@contextmanager
def running(settings: EngineSettings, *, create: bool = False) -> Iterator[Program]:
    """The settings' store, opened for reading and writing until the end of the block.

    ``create`` makes one where there is none. Raises ``StoreError``.
    """
    with closing(open_store(settings, create=create)) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def asking(settings: EngineSettings) -> Iterator[Opened]:
    """The settings' store, opened so that nothing of it can change. Raises ``StoreError``."""
    with closing(open_store(settings, read_only=True)) as opened:
        yield opened


@contextmanager
def working(settings: EngineSettings) -> Iterator[Program]:
    """As ``running``, for a worker: the store is made, and logs, figures and spans are as set.

    Raises ``StoreError``, and ``SettingsError`` for a door that cannot be had.
    """
    from adapters.observing.logs import configure_logs
    from adapters.observing.watching import watched

    configure_logs(settings)
    with (
        closing(open_store(settings, create=True)) as opened,
        watched(partial(health_of, opened), settings) as observer,
    ):
        yield Program(settings, opened, engine_over(opened, settings, observer))


def health_of(opened: Opened) -> Health:
    """How an opened store is now. Raises ``StoreError`` if it is lost."""
    return look(opened.store, opened.views, opened.coordination)


def engine_over(opened: Opened, settings: EngineSettings, observer: Observer = SILENT) -> Engine:
    return Engine(
        opened.store,
        settings.policy,
        cache_size=settings.cache_size,
        snapshot_every=settings.snapshot_every,
        observer=observer,
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

    with closing(opened_file(SQLiteStore(path_of(settings.store), clock))) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def turns(program: Program) -> Iterator[Sequence[Callable[[], object]]]:
    """The duties of a worker that is alone, one turn of each at a call.

    Raises ``StoreError`` where the store is served already.
    """
    from adapters.worker.duties import duties
    from adapters.worker.roles import ALL

    with program.opened.coordination.serving("turns", ALL) as member:
        yield [duty.turn for duty in duties(program, member, ALL, lambda: True)]


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


def rejections_into(file: IO[bytes]) -> Callable[[RejectedLine], None]:
    """Writes rejected lines into that file."""
    from adapters.csv.rejected_lines import RejectedLines

    return RejectedLines(file).add


def owner_channel(settings: EngineSettings) -> OwnerChannel | None:
    """The way to owners that the settings name, if any."""
    from adapters.mail.outbox import MaildirOutbox

    outbox = settings.outbox
    return MaildirOutbox(outbox, settings.owner_address) if outbox else None


def told_probe(found: FailureClass | None) -> Probe:
    """The provider ``simulated``: a check finds what it is told to find."""
    from adapters.mail.simulated.told import ToldProbe

    return ToldProbe(found)


def simulated_mail(clock: Clock, seed: str, secrets: Mapping[str, str]) -> "SimulatedMailServer":
    from adapters.mail.simulated.server import SimulatedMailServer

    return SimulatedMailServer(clock, seed, secrets)


class Rehearsal(NamedTuple):
    """An engine that nothing survives: for scenarios and histories lived again."""

    store: "MemoryStore"
    views: "MemoryViews"
    engine: Engine


def rehearsal(clock: Clock, policy: Policy = DEFAULT_POLICY) -> Rehearsal:
    from adapters.stores.memory import MemoryStore, MemoryViews

    store = MemoryStore(clock)
    return Rehearsal(store, MemoryViews(), Engine(store, policy))
