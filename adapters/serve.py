"""``sendledger serve``: one process that lets clocks fall due and keeps projections in step.

The scheduler holds interval jobs in memory, never a job per deadline: what is due stands in the
store, and a turn that comes late settles it as of its due time (S7).
"""

import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from adapters.sqlite import SQLiteStore, SQLiteViews
from adapters.sqlite.serve_lock import serve_lock
from engine.engine import Engine
from engine.projecting import ProjectionRunner
from engine.settings import EngineSettings
from projections.shipped import SHIPPED

log = structlog.get_logger("sendledger.serve")

Turn = Callable[[], None]


class Server:
    """The running process. ``stop`` may be called from any thread or signal handler."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._last_turn: dict[str, float] = {}

    def stop(self, signum: int | None = None, _frame: FrameType | None = None) -> None:
        log.info("stopping", signal=signum)
        self._stopping.set()

    def run(self) -> None:
        """Serve until stopped. Raises ``StoreError`` when the store is served already."""
        settings = self._settings
        with serve_lock(settings.store):
            store = SQLiteStore(settings.store, lock_timeout=settings.lock_timeout)
            try:
                self._serve(store)
            finally:
                store.close()
        log.info("stopped")

    def _serve(self, store: SQLiteStore) -> None:
        settings = self._settings
        engine = Engine(
            store,
            settings.policy,
            cache_size=settings.cache_size,
            snapshot_every=settings.snapshot_every,
        )
        turns: dict[str, tuple[Turn, float]] = {
            "clocks": (_ticks(engine), settings.tick_interval),
            "projections": (_projecting(store), settings.projection_interval),
        }
        if settings.outbox is not None:
            turns["notices"] = (_delivering(engine, store, settings), settings.tick_interval)
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(len(turns))}, timezone=UTC
        )
        for name, (turn, interval) in turns.items():
            scheduler.add_job(
                self._watched(name, turn),
                "interval",
                id=name,
                seconds=interval,
                next_run_time=datetime.now(UTC),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        scheduler.start()
        log.info("serving", store=str(settings.store))
        try:
            self._watch(scheduler, {name: interval for name, (_, interval) in turns.items()})
        finally:
            scheduler.shutdown(wait=True)

    def _watched(self, name: str, turn: Turn) -> Turn:
        """A turn that fails is told and tried again at the next interval."""

        def run() -> None:
            try:
                turn()
            except Exception:
                log.exception("turn failed", turn=name)
            self._last_turn[name] = time.monotonic()

        return run

    def _watch(self, scheduler: BackgroundScheduler, intervals: dict[str, float]) -> None:
        """Interval jobs stall when the wall clock goes back; this one goes by monotonic time."""
        while not self._stopping.wait(0.2):
            for name, interval in intervals.items():
                silent = time.monotonic() - self._last_turn.setdefault(name, time.monotonic())
                if silent > 10 * interval + 5:
                    log.warning("waking a silent turn", turn=name, seconds=round(silent, 1))
                    self._last_turn[name] = time.monotonic()
                    scheduler.modify_job(name, next_run_time=datetime.now(UTC))


def serve(settings: EngineSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(settings)
    signal.signal(signal.SIGTERM, server.stop)
    signal.signal(signal.SIGINT, server.stop)
    server.run()


def _ticks(engine: Engine) -> Turn:
    def turn() -> None:
        settled = engine.tick_all()
        if settled:
            log.info("settled", events=settled)

    return turn


def _projecting(store: SQLiteStore) -> Turn:
    runner = ProjectionRunner(store, SQLiteViews(store), SHIPPED)
    seen = -1

    def turn() -> None:
        nonlocal seen
        if store.last_position() != seen:
            seen = runner.catch_up()

    return turn


def _delivering(engine: Engine, store: SQLiteStore, settings: EngineSettings) -> Turn:
    from adapters.courier import Courier  # noqa: PLC0415 only where notices are delivered
    from adapters.outbox import MaildirOutbox  # noqa: PLC0415

    assert settings.outbox is not None
    outbox = MaildirOutbox(settings.outbox, settings.owner_address)
    courier = Courier(engine, SQLiteViews(store), outbox)

    def turn() -> None:
        for workspace in store.workspaces():
            courier.deliver(workspace)

    return turn
