"""A worker's process: its duties take turns until it is told to stop.

The scheduler holds interval jobs in memory, never a job per deadline: what is due stands in the
store, and a turn that comes late settles it as of its due time (S7).
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from adapters.observing.logs import configure_logs
from adapters.observing.watching import watched
from adapters.settings import EngineSettings
from adapters.store_url import without_password
from adapters.stores.opening import Kind, kind_of, open_store, path_of
from adapters.worker.duties import Duty, Shift, duties
from adapters.worker.roles import ALL, Role
from engine.engine import Engine

log = structlog.get_logger("sendledger.worker")


class Worker:
    """The running process. ``stop`` may be called from any thread or signal handler."""

    def __init__(self, settings: EngineSettings, roles: Sequence[Role] = ALL) -> None:
        self._settings = settings
        self._roles = roles
        self._stopping = threading.Event()
        self._last_turn: dict[str, float] = {}

    def stop(self, signum: int | None = None, _frame: FrameType | None = None) -> None:
        log.info("stopping", signal=signum)
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped. Raises ``StoreError`` when an embedded store is served already."""
        settings = self._settings
        with (
            _held(settings),
            closing(open_store(settings, create=True)) as opened,
            watched(opened, settings) as observer,
            ExitStack() as stack,
        ):
            engine = Engine(
                opened.store,
                settings.policy,
                cache_size=settings.cache_size,
                snapshot_every=settings.snapshot_every,
                observer=observer,
            )
            shift = Shift(opened, engine, settings, self._wanted, stack)
            self._work(duties(shift, self._roles))
        log.info("stopped")

    def _work(self, found: Sequence[Duty]) -> None:
        in_turns = [each for each in found if each.wait is None]
        with self._scheduled(in_turns) as scheduler:
            store = without_password(self._settings.store)
            log.info("serving", store=store, roles=",".join(self._roles))
            followers = [self._follower(each) for each in found if each.wait is not None]
            self._watch(scheduler, {each.name: each.seconds for each in in_turns})
            for duty in found:
                if duty.wake is not None:
                    duty.wake()
            for follower in followers:
                follower.join()

    def _wanted(self) -> bool:
        return not self._stopping.is_set()

    @contextmanager
    def _scheduled(self, found: Sequence[Duty]) -> Iterator[BackgroundScheduler]:
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max(len(found), 1))}, timezone=UTC
        )
        for duty in found:
            scheduler.add_job(
                self._watched(duty),
                "interval",
                id=duty.name,
                seconds=duty.seconds,
                next_run_time=datetime.now(UTC),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        scheduler.start()
        try:
            yield scheduler
        finally:
            scheduler.shutdown(wait=True)

    def _follower(self, duty: Duty) -> threading.Thread:
        """A duty that knows itself when its next turn is due has a thread of its own."""
        turn = self._watched(duty)

        def follow() -> None:
            while self._wanted():
                turn()
                assert duty.wait is not None
                duty.wait(duty.seconds)

        thread = threading.Thread(target=follow, name=duty.name)
        thread.start()
        return thread

    def _watched(self, duty: Duty) -> Callable[[], None]:
        """A turn that fails is told and tried again at the next interval."""

        def run() -> None:
            try:
                duty.turn()
            except Exception:
                log.exception("turn failed", turn=duty.name)
                self._stopping.wait(duty.seconds)
            self._last_turn[duty.name] = time.monotonic()

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


def work(settings: EngineSettings, roles: Sequence[Role] = ALL) -> None:
    """Work until SIGTERM or SIGINT."""
    configure_logs(settings)
    worker = Worker(settings, roles)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    worker.run()


@contextmanager
def _held(settings: EngineSettings) -> Iterator[None]:
    """One process serves an embedded store; on PostgreSQL there may be many."""
    if kind_of(settings.store) is Kind.POSTGRES:
        yield
        return
    from adapters.stores.sqlite.serve_lock import serve_lock  # noqa: PLC0415 only where there is a file

    with serve_lock(path_of(settings.store)):
        yield
