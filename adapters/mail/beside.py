"""Work in a separate thread that nobody has to wait for, not even the program when it ends."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def begun(task: Callable[[], T]) -> Callable[[], T]:
    """Start the task now. Calling the result waits for its answer, or raises what it raised."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(task())
        except BaseException as error:  # noqa: BLE001 raised again for the caller
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result
