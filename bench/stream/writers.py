"""What a relay costs those who write: commands beside one that runs and one that is stopped."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.postgres.crew import Crew
from bench.postgres.places import durable_server
from bench.stream.places import Site
from bench.stream.processes import relaying
from tests.stream.broker import Broker

ROUNDS, SECONDS, WRITERS = 10, 2.0, 8


def stream_writers(rounds: int = ROUNDS) -> dict[str, float]:
    """Commands per second of eight writers in turns, and how many per cent the relay costs them.

    ``apart``: writers and PostgreSQL have half of the processors, the relay and the broker the
    others, as if on a machine of their own; ``shared``: all of them have all.
    """
    there = sorted(os.sched_getaffinity(0))
    half = max(len(there) // 2, 1)
    apart = _in_turns({*there[:half]}, {*there[half:]} or {*there}, rounds)
    shared = _in_turns({*there}, {*there}, rounds)
    return {**apart, "shared_cost": shared["cost"]}


def _in_turns(writing: set[int], telling: set[int], rounds: int) -> dict[str, float]:
    rates: dict[str, list[float]] = {"beside": [], "alone": []}
    with _only(writing), durable_server() as server, _only(telling), Broker() as broker:
        site = Site(server, broker)
        store = site.create_store()
        with (
            relaying(site, store, "written") as relay,
            _only(writing),
            Crew("engine", store, WRITERS) as crew,
        ):
            for _ in range(rounds):
                relay.send_signal(signal.SIGCONT)
                rates["beside"].append(crew.rate(SECONDS))
                relay.send_signal(signal.SIGSTOP)
                rates["alone"].append(crew.rate(SECONDS))
    costs = [100 - 100 * beside / alone for beside, alone in zip(*rates.values(), strict=True)]
    return {name: median(found) for name, found in rates.items()} | {"cost": median(costs)}


@contextmanager
def _only(processors: set[int]) -> Iterator[None]:
    """What is started in the block has these."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
