"""A worker's process: its duties take turns until it is told to stop.

The scheduler holds interval jobs in memory, never a job per deadline: the store holds what is due,
and a late turn settles it as of its due time (S7).
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from adapters.composition.mailboxes import links_served
from adapters.composition.programs import working
from adapters.composition.serving_http import http_served
from adapters.settings.model import EngineSettings
from adapters.settings.store_url import without_password
from adapters.worker.duties import Duty, duties
from adapters.worker.roles import ALL, Role
from adapters.worker.turns import Turns

log = structlog.get_logger("sendledger.worker")


class Worker:
    """The running process. ``stop`` may be called from any thread or signal handler."""

    def __init__(self, settings: EngineSettings, roles: Sequence[Role] = ALL) -> None:
        self._settings = settings
        self._roles = roles
        self._stopping = threading.Event()
        self._turns = Turns(self._stopping.wait)

    def stop(self, signum: int | None = None, _frame: FrameType | None = None) -> None:
        log.info("stopping", signal=signum)
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped. Raises ``StoreError`` if an embedded store is served already, and
        ``SettingsError`` for a port that cannot be used."""
        settings = self._settings
        with (
            working(settings) as program,
            program.opened.coordination.serving(worker_name(), self._roles) as member,
            links_served(program),
            http_served(program),
        ):
            reason = program.engine.fence.closed()
            if reason is not None:
                log.error("the store is fenced", reason=reason)
            found = duties(program, member, self._roles, self._wanted)
            try:
                self._work(found)
            finally:
                for duty in found:
                    duty.close()
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
                self._turns.of(duty),
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
        """A thread for a duty that knows by itself when its next turn is due."""
        turn = self._turns.of(duty)

        def follow() -> None:
            while self._wanted():
                turn()
                assert duty.wait is not None
                duty.wait(duty.seconds)

        thread = threading.Thread(target=follow, name=duty.name)
        thread.start()
        return thread

    def _watch(self, scheduler: BackgroundScheduler, intervals: dict[str, float]) -> None:
        """Wake silent duties by monotonic time: interval jobs stall if the wall clock goes back."""
        last = self._turns.last
        while not self._stopping.wait(0.2):
            if self._turns.store_is_lost:
                continue
            for name, interval in intervals.items():
                silent = time.monotonic() - last.setdefault(name, time.monotonic())
                if silent > 10 * interval + 5:
                    log.warning("waking a silent turn", turn=name, seconds=round(silent, 1))
                    last[name] = time.monotonic()
                    scheduler.modify_job(name, next_run_time=datetime.now(UTC))


def work(settings: EngineSettings, roles: Sequence[Role] = ALL) -> None:
    """Work until SIGTERM or SIGINT."""
    worker = Worker(settings, roles)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    worker.run()


def worker_name() -> str:
    """The name by which operators recognise this process."""
    return f"{socket.gethostname()}:{os.getpid()}"
