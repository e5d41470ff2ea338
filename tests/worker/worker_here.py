"""A worker's mail in the test's own process, whose time the test moves; servers are real."""

from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial
from typing import Self

from adapters.composition.mailing import mail_of
from adapters.composition.programs import Program, engine_over
from adapters.worker.mailing import Mailing
from engine.ports.clock import ManualClock
from tests.worker.office import Office

AT_ONCE = 8


class WorkerHere:
    """Works on the office's store as long as its ``with`` lasts, which begins ``at`` that time."""

    def __init__(self, office: Office, at: datetime) -> None:
        self.clock = ManualClock(at)
        self._office = office
        self._open = ExitStack()

    def __enter__(self) -> Self:
        office, settings = self._office, self._office.room.settings
        self.opened = self._open.enter_context(closing(office.opened_at(self.clock)))
        self.engine = engine_over(self.opened, settings)
        make = partial(mail_of, Program(settings, self.opened, self.engine))
        self._mailing = Mailing(self.engine, AT_ONCE, lambda: True, make)
        self._open.callback(self._mailing.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rest(self) -> None:
        """Until nothing is recorded any more, at this time."""
        last = -1
        while last < self.opened.store.last_position():
            last = self.opened.store.last_position()
            self._mailing.turn()
            self._mailing.settle()
