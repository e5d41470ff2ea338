"""The observers of a process, by its settings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from adapters.observing.traces import Traces, exporter_of
from adapters.settings.model import EngineSettings
from engine.answers.health import Health
from engine.observing import SILENT, Observer, Observers


@contextmanager
def watched(look: Callable[[], Health], settings: EngineSettings) -> Iterator[Observer]:
    """The observer for the engine of a process that works on a store, as long as the block lasts.

    ``look`` answers how the store is.

    Raises ``SettingsError`` for an address that cannot be used, or an extra that is not installed.
    """
    found: list[Observer] = []
    with ExitStack() as stack:
        exporter = exporter_of(settings)
        if exporter is not None:
            found.append(stack.enter_context(closing(Traces(exporter))))
        if settings.metrics_port is not None:
            found.append(stack.enter_context(_metrics(look, settings, settings.metrics_port)))
        yield Observers(*found) if found else SILENT


@contextmanager
def _metrics(look: Callable[[], Health], settings: EngineSettings, port: int) -> Iterator[Observer]:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 loaded only for metrics

    from adapters.observing.metrics import Metrics, StoreMetrics, serve_metrics  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(StoreMetrics(look))
    metrics = Metrics(registry)
    with serve_metrics(settings.metrics_host, port, registry):
        yield metrics
