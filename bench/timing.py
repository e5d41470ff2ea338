"""How long something takes."""

import gc
import time
from collections.abc import Callable


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call, without the garbage of whatever was before."""
    gc.collect()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
