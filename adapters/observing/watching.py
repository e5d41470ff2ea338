"""Who watches a process, by its settings."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from adapters.observing.traces import Traces, exporter_of
from adapters.settings import EngineSettings
from adapters.stores.opening import Opened
from engine.observing import SILENT, Observer, Observers


@contextmanager
def watched(opened: Opened, settings: EngineSettings) -> Iterator[Observer]:
    """The observer for the engine of a process that works on that store, for as long as it does.

    Raises ``SettingsError`` for a door that cannot be had, or an extra that is not installed.
    """
    found: list[Observer] = []
    with ExitStack() as stack:
        exporter = exporter_of(settings)
        if exporter is not None:
            found.append(stack.enter_context(closing(Traces(exporter))))
        if settings.metrics_port is not None:
            found.append(stack.enter_context(_metrics(opened, settings, settings.metrics_port)))
        yield Observers(*found) if found else SILENT


@contextmanager
def _metrics(opened: Opened, settings: EngineSettings, port: int) -> Iterator[Observer]:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 only who is scraped loads it

    from adapters.observing.metrics import Metrics, StoreMetrics, serve_metrics  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(StoreMetrics(opened, settings))
    metrics = Metrics(registry)
    with serve_metrics(settings.metrics_host, port, registry):
        yield metrics
