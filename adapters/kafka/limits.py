"""No call into the library may block for ever: a clock of the process interrupts it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 1.0
"""Seconds after which it is interrupted once more, should it have caught the first time."""


class TookTooLong(BaseException):
    """Not an ``Exception``, so that no library catches it. The process is to end."""


@contextmanager
def limited(what: str, seconds: float) -> Iterator[None]:
    """Raises ``TookTooLong`` inside the block after so many seconds. For the main thread alone:
    in another one there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"{what} took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
