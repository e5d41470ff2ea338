"""Keeps Python's cycle collector out of long work.

States, facts and rows hold no cycles, so reference counts free them all; but each full collection
visits every recipient in memory (135 ms for 100,000, measured on two cores), many times a second
when a page of events is decoded.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""Objects made before the youngest are looked at."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Nested and concurrent use is harmless: the collector may then start a little early."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def collect_seldom() -> None:
    """For a process that does nothing but send: collections took a tenth of its time."""
    gc.set_threshold(YOUNG, 10, 100)


def freeze_survivors() -> None:
    """After a large aggregate was loaded, or made: what lives now is not visited again."""
    gc.freeze()
