"""Limits calls into the library, none of which may block for ever: a timer interrupts them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 1.0
"""Seconds until it is interrupted again, in case the library caught the first interruption."""


class TookTooLong(BaseException):
    """A call took too long. Not an ``Exception``, so no library catches it. The process ends."""


@contextmanager
def limited(what: str, seconds: float) -> Iterator[None]:
    """Raises ``TookTooLong`` inside the block after so many seconds. Only for the main thread: in
    any other there is no limit."""
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
