"""Keep Python's cycle collector out of long work.

States, facts and rows contain no cycles, so reference counting frees them all; but each full
collection visits every recipient in memory (135 ms for 100,000, measured on two cores), many times
a second while a page of events is decoded.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""How many objects are made before the youngest generation is collected."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the collector. Nested and concurrent use is harmless: the collector may then start a
    little early."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def collect_seldom() -> None:
    """Collect seldom: collections took a tenth of a sender's time, and of a short command's."""
    gc.set_threshold(YOUNG, 10, 100)


def freeze_survivors() -> None:
    """Call this after loading or making a large aggregate: what lives now is not visited again."""
    gc.freeze()
