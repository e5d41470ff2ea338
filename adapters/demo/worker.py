"""The worker: lets clocks fall due, keeps the projections in step, carries notices.

A thread of its own, as ``sendledger serve`` is a process of its own: nothing in the story tells it
what is due.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread

from engine.engine import Engine
from engine.projecting import ProjectionRunner
from engine.work.deliver_notices import Courier


class Worker:
    """``seen`` is called after every turn. ``pause``: seconds between two turns."""

    def __init__(
        self,
        engine: Engine,
        runner: ProjectionRunner,
        courier: Courier,
        *,
        workspace: str,
        pause: float,
        seen: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._runner = runner
        self._courier = courier
        self._workspace = workspace
        self._pause = pause
        self._seen = seen
        self._changed = Condition()
        self._turns = 0
        self._wanted = 0
        self._stopping = False
        self._error: BaseException | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        thread = Thread(target=self._work, name="worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._stopping = True
                self._changed.notify_all()
            thread.join()

    def whole_turn(self) -> None:
        """Wait until a turn that began after this call is over. Raises what the worker died of."""
        with self._changed:
            wanted = self._wanted = self._turns + 2
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._turns >= wanted or self._error is not None)
        if self._error is not None:
            raise self._error

    def turn(self) -> None:
        self._engine.tick_all()
        self._runner.catch_up()
        if self._courier.deliver(self._workspace):
            self._runner.catch_up()
        self._seen()

    def _work(self) -> None:
        try:
            while not self._stopping:
                self.turn()
                self._rest()
        except BaseException as error:  # noqa: BLE001 told to whoever waits
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _rest(self) -> None:
        with self._changed:
            self._turns += 1
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._stopping or self._turns < self._wanted, self._pause
            )
