"""The one place where a running program is put together: which store, which engine, who watches.

Doors ask for what they need here and never name a product. Products are imported where they are
used: who uses one needs nothing of the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from adapters.settings import EngineSettings
from adapters.stores.opening import Opened, open_store
from aggregates.command import DEFAULT_POLICY, Policy
from engine.engine import Engine
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock
from engine.work.ports import OwnerChannel, Probe, RejectedLine
from events.vocabulary import FailureClass

if TYPE_CHECKING:
    from adapters.csv.recipients_csv import RecipientsFile
    from adapters.mail.simulated.server import SimulatedMailServer
    from adapters.stores.memory import MemoryStore, MemoryViews


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
    """Be the one process that serves the settings' embedded store. Raises ``StoreError``."""
    from adapters.stores.opening import path_of
    from adapters.stores.sqlite.serve_lock import serve_lock

    with serve_lock(path_of(settings.store)):
        yield


@contextmanager
def staged(settings: EngineSettings, clock: Clock) -> Iterator[Program]:
    """A new embedded store that goes by a clock of its own. Raises ``StoreError``."""
    from adapters.stores.opening import path_of
    from adapters.stores.sqlite import SQLiteStore, SQLiteViews
    from adapters.stores.sqlite.directory import SQLiteDirectory

    with closing(SQLiteStore(path_of(settings.store), clock)) as store:
        opened = Opened(str(store.path), store, SQLiteViews(store), SQLiteDirectory(store))
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def turns(program: Program) -> Iterator[Sequence[Callable[[], object]]]:
    """The duties of a worker that is alone, one turn of each at a call."""
    from adapters.worker.duties import Shift, duties
    from adapters.worker.roles import ALL

    with ExitStack() as stack:
        settings, opened, engine = program
        shift = Shift(opened, engine, settings, lambda: True, stack)
        yield [duty.turn for duty in duties(shift, ALL)]


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
