"""The turn of webhooks: one worker of a store delivers; each endpoint has a thread while it is
busy.

A turn never waits for a receiver: it begins what there is to do, and returns. An endpoint that
fails does not hold up the others.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial

import structlog

from adapters.composition.notices import owner_channel
from adapters.composition.programs import Program
from adapters.composition.webhooking import webhooks_over
from adapters.worker.reasons import reason
from engine.ports.errors import StoreUnavailable
from engine.work.webhooks.delivering import EndpointRun, has_work
from engine.work.webhooks.endpoint import Endpoint, Status

log = structlog.get_logger("sendledger.webhooks")

AT_ONCE = 32
"""Endpoints that are delivered to at the same time."""
AGAIN = 30.0
"""Seconds until an endpoint whose run failed with an error is tried again; also for letters."""
HELD_FOR = 10.0
"""Seconds for which a turn knows that delivering is this worker's role."""
LETTERS = "letters"


class WebhookDuty:
    """``alone``: has this worker the role? A run ends once it is not ``wanted``."""

    def __init__(
        self, program: Program, alone: Callable[[], bool], wanted: Callable[[], bool]
    ) -> None:
        self._alone, self._wanted, self._fence = alone, wanted, program.engine.fence
        self._stack = ExitStack()
        over = webhooks_over(program.opened, program.settings)
        self._webhooks, self._parts = self._stack.enter_context(over)
        self._channel = owner_channel(program.settings, program.opened.views)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks")
        self._running: dict[str, Future[object]] = {}
        self._not_before: dict[str, float] = {}
        self._held_until = float("-inf")

    def turn(self) -> None:
        """Begin what there is to do. Raises ``StoreUnavailable``."""
        if not self._alone() or self._fence.closed() is not None:
            self._held_until = float("-inf")
            return
        self._held_until = time.monotonic() + HELD_FOR
        self._running = {name: each for name, each in self._running.items() if not each.done()}
        endpoints = self._parts.endpoints.all()
        if not endpoints or not self._goes_on():
            return
        last = self._parts.log.last_entry()
        for each in endpoints:
            if has_work(each, self._parts, last):
                self._begin(each.id, partial(self._deliver, each))
        if self._channel and any(e.status is Status.PARKED and not e.told for e in endpoints):
            self._begin(LETTERS, self._tell)

    def settle(self) -> None:
        """Wait until no endpoint is at work any more."""
        wait(self._running.values())

    def close(self) -> None:
        """Wait for the deliveries in hand, and close."""
        self._held_until = float("-inf")
        self._pool.shutdown(wait=True)
        self._stack.close()

    def _begin(self, name: str, work: Callable[[], object]) -> None:
        if name not in self._running and time.monotonic() >= self._not_before.get(name, 0.0):
            self._running[name] = self._pool.submit(self._run, name, work)

    def _run(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except StoreUnavailable as error:
            log.warning("webhooks wait for the store", webhook=name, reason=str(error))
        except Exception as error:  # noqa: BLE001 only its kind is logged; tried again
            self._not_before[name] = time.monotonic() + AGAIN
            log.error("webhook failed", webhook=name, reason=reason(error))  # noqa: TRY400

    def _deliver(self, endpoint: Endpoint) -> None:
        EndpointRun(self._parts, endpoint, self._goes_on).run()

    def _tell(self) -> None:
        assert self._channel is not None
        told = self._webhooks.tell_owners(self._channel)
        log.info("owners were told of parked webhooks", letters=told)

    def _goes_on(self) -> bool:
        return self._wanted() and time.monotonic() < self._held_until
