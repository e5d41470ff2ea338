"""What a program costs those who write beside it while it runs, over while it is stopped."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.postgres.crew import Crew

ROUNDS, SECONDS, WRITERS = 10, 2.0, 8


def in_turns(program: subprocess.Popen[bytes], store: str, rounds: int) -> dict[str, float]:
    """Commands per second of eight writers beside it and alone, and its cost in per cent; medians.

    The writers have the processors of this process.
    """
    rates: dict[str, list[float]] = {"beside": [], "alone": []}
    with Crew("engine", store, WRITERS) as crew:
        for _ in range(rounds):
            program.send_signal(signal.SIGCONT)
            rates["beside"].append(crew.rate(SECONDS))
            program.send_signal(signal.SIGSTOP)
            rates["alone"].append(crew.rate(SECONDS))
    costs = [100 - 100 * beside / alone for beside, alone in zip(*rates.values(), strict=True)]
    return {name: median(found) for name, found in rates.items()} | {"cost": median(costs)}


def halves() -> tuple[set[int], set[int]]:
    """The processors, in two: one for those who write, one for what runs beside them."""
    there = sorted(os.sched_getaffinity(0))
    half = max(len(there) // 2, 1)
    return {*there[:half]}, {*there[half:]} or {*there}


@contextmanager
def only(processors: set[int]) -> Iterator[None]:
    """What is started in the block has these."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
