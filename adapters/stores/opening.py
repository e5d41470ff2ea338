"""The one place that knows which product a store's name stands for, and opens it.

Products are imported where they are opened: who uses one needs nothing of the other.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from adapters.settings.model import EngineSettings
from adapters.settings.store_url import scheme_of
from adapters.stores.small_tables.evidence import StoredEvidence
from adapters.stores.small_tables.small_table import TableStore
from engine.fence import StoreFence
from engine.ports.coordination import Coordination
from engine.ports.errors import WithoutEntries
from engine.ports.store import Store
from engine.ports.views import StoredViews
from engine.waiting import Polling, Wakes
from engine.work.ports import Directory, EvidenceStore
from projections.projection import Projection

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore
    from adapters.stores.sqlite import SQLiteStore


class Kind(StrEnum):
    SQLITE = "sqlite"
    POSTGRES = "postgresql"


class Opened(NamedTuple):
    """A store, the views kept in it, what stands beside its log, and who works on it."""

    name: str
    """As it may be told to anybody: without a password."""
    store: Store
    views: StoredViews
    directory: Directory
    coordination: Coordination
    evidence: EvidenceStore
    fence: StoreFence

    @property
    def beside(self) -> TableStore:
        """Where small tables stand, beside the log."""
        return cast("TableStore", self.store)

    def close(self) -> None:
        self.store.close()


class SchemaStep(NamedTuple):
    """A numbered step of a store's schema."""

    number: int
    name: str
    when: str
    """``before`` the code that needs it, or ``after`` no older program runs any more."""


class Migrated(NamedTuple):
    """What became of a store."""

    name: str
    kind: Kind
    made: bool
    """There was none."""
    applied: Sequence[SchemaStep]
    left: Sequence[SchemaStep]
    """Known to this program, and not put in."""


def kind_of(url: str) -> Kind:
    """Of a name that the setting ``store`` has let pass."""
    return Kind.POSTGRES if scheme_of(url) in {"postgresql", "postgres"} else Kind.SQLITE


def path_of(url: str) -> Path:
    """The file of an embedded store."""
    return Path(url.removeprefix("sqlite:///"))


def open_store(
    settings: EngineSettings, *, create: bool = False, read_only: bool = False
) -> Opened:
    """The settings' store; ``create`` makes one where there is none.

    ``read_only``: nothing of it can change, whatever is done. Raises ``StoreError``.
    """
    match kind_of(settings.store):
        case Kind.SQLITE:
            file = _file(settings, create=create, read_only=read_only)
            return opened_file(file, settings.witness_folder)
        case Kind.POSTGRES:
            schema = _schema(settings, create=create, read_only=read_only)
            return opened_schema(schema, settings.witness_folder)


@contextmanager
def appends(opened: Opened) -> Iterator[Wakes]:
    """Wakes whoever waits for something to be appended to the opened store."""
    from adapters.stores.sqlite import SQLiteStore

    if isinstance(opened.store, SQLiteStore):
        yield Polling()
        return
    from adapters.stores.postgres import PostgresStore
    from adapters.stores.postgres.listening import Listener

    assert isinstance(opened.store, PostgresStore)
    with closing(Listener(opened.store)) as listener:
        yield listener


def rebuild(
    settings: EngineSettings, projections: Sequence[Projection], progress: Callable[[int], None]
) -> int:
    """Build these views anew beside the ones in use, then put them there. Answers the position.

    Raises ``UnreadableEvent`` or ``StoreError``, and then no view has changed.
    """
    match kind_of(settings.store):
        case Kind.SQLITE:
            from adapters.stores.sqlite import rebuilding as in_file

            with closing(_file(settings)) as file:
                return in_file.rebuild(file, projections, progress)
        case Kind.POSTGRES:
            from adapters.stores.postgres.rebuild import rebuilding as in_schema

            with closing(_schema(settings)) as schema:
                return in_schema.rebuild(schema, projections, progress)


def migrate(settings: EngineSettings, *, before_only: bool = False) -> Migrated:
    """Make the store where there is none, and put in the steps that it lacks.

    ``before_only``: those that go in before the code that needs them. Raises ``StoreError``.
    """
    match kind_of(settings.store):
        case Kind.SQLITE:
            path = path_of(settings.store)
            there = path.is_file()
            _file(settings, create=True).close()
            return Migrated(str(path), Kind.SQLITE, not there, (), ())
        case Kind.POSTGRES:
            return _migrate_schema(settings, before_only=before_only)


def _migrate_schema(settings: EngineSettings, *, before_only: bool) -> Migrated:
    from adapters.stores.postgres import migrating
    from adapters.stores.postgres.datastore import LedgerDatastore
    from adapters.stores.postgres.errors import explained

    timeout = settings.lock_timeout
    whens = (migrating.When.BEFORE,) if before_only else (*migrating.When,)
    database = LedgerDatastore(settings.store, lock_timeout=timeout, pool_size=1, pool_max=1)
    with closing(database), explained(database.name):
        there = migrating.schema_state(database)
        applied = migrating.migrate(database, whens=whens)
        then = migrating.schema_state(database)
        left = then.missing if then else ()
    told = [
        [SchemaStep(each.number, each.name, each.when) for each in few] for few in (applied, left)
    ]
    return Migrated(database.name, Kind.POSTGRES, there is None, *told)


def opened_file(store: "SQLiteStore", witness: Path | None = None) -> Opened:
    """With all that belongs to an embedded store. ``witness``: the folder of its witness."""
    from adapters.stores.sqlite import SQLiteViews
    from adapters.stores.sqlite.directory import SQLiteDirectory
    from adapters.stores.sqlite.serve_lock import SQLiteCoordination

    try:
        views = SQLiteViews(store)
        coordination = SQLiteCoordination(store, views)
        directory, evidence = SQLiteDirectory(store), StoredEvidence(store)
        fence = _fence(store, coordination, witness)
        return Opened(store.name, store, views, directory, coordination, evidence, fence)
    except BaseException:
        store.close()
        raise


def opened_schema(store: "PostgresStore", witness: Path | None = None) -> Opened:
    """With all that belongs to a PostgreSQL store. ``witness``: the folder of its witness."""
    from adapters.stores.postgres import PostgresViews
    from adapters.stores.postgres.coordination import PostgresCoordination
    from adapters.stores.postgres.directory import PostgresDirectory

    views = PostgresViews(store)
    coordination = PostgresCoordination(store, views)
    directory, evidence = PostgresDirectory(store), StoredEvidence(store)
    fence = _fence(store, coordination, witness)
    store.when_lost = fence.doubt
    return Opened(store.name, store, views, directory, coordination, evidence, fence)


def _fence(store: Store, coordination: Coordination, folder: Path | None) -> StoreFence:
    from adapters.stores.witness_file import FileWitness

    try:
        witness = FileWitness(folder, store.identity.store_id) if folder else None
    except WithoutEntries:
        witness = None
    return StoreFence(store, witness, coordination)


def _file(
    settings: EngineSettings, *, create: bool = False, read_only: bool = False
) -> "SQLiteStore":
    from adapters.stores.sqlite import SQLiteStore

    return SQLiteStore(
        path_of(settings.store),
        lock_timeout=settings.lock_timeout,
        create=create,
        read_only=read_only,
    )


def _schema(
    settings: EngineSettings, *, create: bool = False, read_only: bool = False
) -> "PostgresStore":
    from adapters.stores.postgres import PostgresStore

    return PostgresStore(
        settings.store,
        lock_timeout=settings.lock_timeout,
        pool_max=settings.pool_size,
        create=create,
        read_only=read_only,
    )
