"""How long something takes."""

import gc
import time
from collections.abc import Callable
from typing import NamedTuple


class Seconds(NamedTuple):
    wall: float
    processor: float
    """Of this process."""


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call, without the garbage of whatever was before."""
    return spent(work).wall


def spent(work: Callable[[], object]) -> Seconds:
    gc.collect()
    begin, processor = time.perf_counter(), time.process_time()
    work()
    return Seconds(time.perf_counter() - begin, time.process_time() - processor)
