"""A workplace whose engine is watched."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from adapters.settings.model import EngineSettings
from adapters.stores.memory import MemoryStore
from adapters.stores.opening import (
    Kind,
    Opened,
    kind_of,
    opened_file,
    opened_schema,
    path_of,
)
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from engine.engine import Engine
from engine.observing import Committed, Observer
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from tests.law.story import ANN, BOB, NOON, R1, R2, connect, create, hear_from, start
from tests.workplace import Workplace


class Listener:
    """Keeps all that it hears."""

    def __init__(self) -> None:
        self.heard: list[Committed] = []

    def committed(self, done: Committed) -> None:
        self.heard.append(done)

    @property
    def commands(self) -> list[str]:
        return [batch.envelope.command for done in self.heard for batch in done.batches]


def watched(observer: Observer, store: Store | None = None) -> Workplace:
    clock = ManualClock(NOON)
    store = store or MemoryStore(clock)
    workplace = Workplace(store, clock)
    workplace.engine = Engine(store, observer=observer)
    return workplace


def in_use(workplace: Workplace) -> Workplace:
    """Ann and Bob send in a running campaign, and two recipients have heard from Ann."""
    return workplace.given(
        connect(ANN), connect(BOB), create(ANN, BOB), start(), hear_from(ANN, R1, R2)
    )


@contextmanager
def opened_at(settings: EngineSettings, clock: ManualClock) -> Iterator[Opened]:
    """The settings' store, in told time."""
    if kind_of(settings.store) is Kind.POSTGRES:
        opened = opened_schema(PostgresStore(settings.store, clock))
    else:
        opened = opened_file(SQLiteStore(path_of(settings.store), clock))
    with closing(opened):
        yield opened
