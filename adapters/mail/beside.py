"""Work in a thread of its own that nobody has to wait for, not even the end of the program."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def begun(task: Callable[[], T]) -> Callable[[], T]:
    """Begin it now; to call what is returned waits for its answer, or raises what it raised."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(task())
        except BaseException as error:  # noqa: BLE001 raised again where it is waited for
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result
