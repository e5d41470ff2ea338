"""Metrics for Prometheus: what this process appended, and the state of its store at each look."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock, Thread

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from adapters.settings.errors import SettingsError
from engine.answers.health import Health
from engine.observing import Committed
from engine.ports.errors import StoreError

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, from a commit to a file without the disk to a stop of 100,000 recipients."""

PATIENCE = 5.0
"""Seconds for a look at the store; Prometheus waits ten for all metrics."""


class Metrics:
    """An observer. Labels name commands and outcomes, which are few; never people."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._append = Histogram(
            "sendledger_append_seconds",
            "From the last decision of a transaction until it was committed.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._events = Counter(
            "sendledger_events_appended", "Events this process appended.", registry=registry
        )
        self._commands = Counter(
            "sendledger_commands",
            "Commands this process recorded, by what became of them: accepted or refused.",
            ["command", "outcome"],
            registry=registry,
        )

    def committed(self, done: Committed) -> None:
        self._append.observe(done.append_seconds)
        self._events.inc(done.events)
        for batch in done.batches:
            outcome = "refused" if batch.envelope.rejection else "accepted"
            self._commands.labels(batch.envelope.command, outcome).inc()


class StoreMetrics:
    """A collector that looks at the store on each request; other processes may have changed it.

    A store that does not answer in time counts as lost: the other metrics do not wait for it.
    """

    def __init__(self, look: Callable[[], Health], *, patience: float = PATIENCE) -> None:
        self._ask = look
        self._patience = patience
        self._lock = Lock()
        self._looking: Future[Health] | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing: the store is not asked before somebody wants metrics."""
        return ()

    def collect(self) -> Iterator[Metric]:
        up = _gauge("store_up", "Can the store be reached?")
        try:
            health = self._look().result(self._patience)
        except (StoreError, TimeoutError):
            yield _of(up, 0)
        else:
            yield _of(up, 1)
            yield from _by_view(health)
            yield from _of_clocks(health)
            yield from _of_checks(health)
            yield from _of_relay(health)
            yield from _of_proof(health)

    def _look(self) -> "Future[Health]":
        """One look at a time, in a thread that the process does not wait for when it ends."""
        with self._lock:
            if self._looking is None or self._looking.done():
                self._looking = Future()
                Thread(target=self._see, args=(self._looking,), daemon=True).start()
            return self._looking

    def _see(self, looking: "Future[Health]") -> None:
        try:
            health = self._ask()
        except BaseException as error:  # noqa: BLE001 raised for the caller
            looking.set_exception(error)
        else:
            looking.set_result(health)


def _by_view(health: Health) -> Iterator[Metric]:
    lag = _gauge("projection_lag_events", "Events the view has not seen.", "projection")
    age = _gauge(
        "projection_lag_seconds", "Age of the oldest event the view has not seen.", "projection"
    )
    stopped = _gauge("projection_stopped", "Is the view stopped by an event?", "projection")
    for view in health.views:
        lag.add_metric([view.name], view.events)
        age.add_metric([view.name], view.seconds)
        stopped.add_metric([view.name], view.stop is not None)
    yield from (lag, age, stopped)
    oldest = max((view.seconds for view in health.views), default=0.0)
    yield _of(_gauge("oldest_unprocessed_event_seconds", "Age of what any view misses."), oldest)
    yield _of(_gauge("log_position", "The position of the log's end."), health.position)


def _of_clocks(health: Health) -> Iterator[Metric]:
    due, running = health.due, health.running
    yield _of(_gauge("clocks_running", "Clocks that run, as the view of them knows."), running)
    yield _of(_gauge("due_workspaces", "Workspaces with something due."), due.workspaces)
    yield _of(_gauge("overdue_seconds", "How long the oldest due thing has waited."), due.seconds)
    yield _of(
        _gauge("parked_workspaces", "Workspaces that could not be settled and wait for somebody."),
        len(health.parked),
    )


def _of_checks(health: Health) -> Iterator[Metric]:
    late = health.late_checks
    yield _of(
        _gauge("checks_waiting", "Background checks that are due and not begun."), late.checks
    )
    says = "How long the oldest of them has waited."
    yield _of(_gauge("checks_waiting_seconds", says), late.seconds)


def _of_relay(health: Health) -> Iterator[Metric]:
    lag = health.relay
    if lag is not None:
        says = "Entries of the log that the topic lacks."
        yield _of(_gauge("relay_lag_entries", says), lag.entries)
        yield _of(_gauge("relay_lag_positions", "Events among them."), lag.positions)
        yield _of(_gauge("relay_lag_seconds", "Age of the oldest of them."), lag.seconds)


def _of_proof(health: Health) -> Iterator[Metric]:
    lag = health.signed
    if lag is not None:
        says = "Entries of the log that are not signed."
        yield _of(_gauge("proof_lag_entries", says), lag.entries)
        yield _of(_gauge("proof_lag_seconds", "Age of the oldest of them."), lag.seconds)


@contextmanager
def serve_metrics(host: str, port: int, registry: CollectorRegistry) -> Iterator[str]:
    """Serve ``/metrics`` to Prometheus until the end of the block, which gets the address.

    Port 0 takes any free port. Raises ``SettingsError`` for an address that cannot be used.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise SettingsError(
            f"Setting metrics_port: {host}:{port} cannot be had ({error}). Another process has it, "
            "or metrics_host is no address of this machine; each worker needs a port of its own."
        ) from error
    try:
        yield f"http://{host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"sendledger_{name}", says, labels=labels)


def _of(gauge: GaugeMetricFamily, value: float) -> GaugeMetricFamily:
    gauge.add_metric([], value)
    return gauge
