"""The one place where a running program is put together: which store, which engine, who watches.

Doors ask for what they need here and never name a product.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple

from adapters.settings import EngineSettings
from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.opening import Migrated, Opened, migrate, open_store, rebuild
from aggregates.command import DEFAULT_POLICY, Policy
from engine.answers.health import Health, look
from engine.engine import Engine
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock

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
    from adapters.observing.logs import configure_logs  # noqa: PLC0415 only workers have a log
    from adapters.observing.watching import watched  # noqa: PLC0415

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


class Rehearsal(NamedTuple):
    """An engine that nothing survives: for scenarios and histories lived again."""

    store: MemoryStore
    views: MemoryViews
    engine: Engine


def rehearsal(clock: Clock, policy: Policy = DEFAULT_POLICY) -> Rehearsal:
    store = MemoryStore(clock)
    return Rehearsal(store, MemoryViews(), Engine(store, policy))
