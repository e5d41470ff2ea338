"""Seeds shared out among processes."""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count, islice
from multiprocessing import get_context

import structlog

from engine.gc_pause import collect_seldom
from tests.simulation.plan import Plan, plan_of
from tests.simulation.run import Told, told
from tests.simulation.sqlite.strikes import struck

PLANS: dict[str, Callable[[Plan], Plan]] = {"memory": lambda plan: plan, "sqlite": struck}
"""What a store adds to a plan: of the embedded one the drive fails, too."""
COLLECTED_TOGETHER = 10
"""Runs, of one process: to look for what a run left takes half a second."""
_RUNS = count(1)


def runs(
    store: str, first: str, steps: int, minutes: float | None, processes: int
) -> Iterator[Told]:
    """Of that seed, and of those that follow as long as the minutes last; in their order."""
    seeds, pending = _seeds(first, minutes), deque[Future[Told]]()
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=quiet) as pool:
        try:
            while True:
                for seed in islice(seeds, processes + 1 - len(pending)):
                    pending.append(pool.submit(run_of, store, seed, steps))
                if not pending:
                    return
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def quiet() -> None:
    """Nothing is logged, and garbage seldom looked for."""
    collect_seldom()
    structlog.configure(processors=[lambda *_: _drop()])


def run_of(store: str, seed: str, steps: int) -> Told:
    run = told(PLANS[store](plan_of(seed, steps)))
    if next(_RUNS) % COLLECTED_TOGETHER == 0:
        gc.unfreeze()  # production keeps what it has loaded away from the collector
        gc.collect()
    return run


def _drop() -> dict[str, object]:
    raise structlog.DropEvent


def _seeds(first: str, minutes: float | None) -> Iterator[str]:
    yield first
    until = time.monotonic() + (minutes or 0) * 60
    number = 0
    while time.monotonic() < until:
        number += 1
        yield str(int(first) + number) if first.isdigit() else f"{first}.{number}"
