"""A single worker for a store whose clock stands still while it works: for stories."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from adapters.worker.duties import Duty
from engine.ports.log import Log


class StepByStep(NamedTuple):
    log: Log
    duties: Sequence[Duty]

    def work(self) -> None:
        """Run turns until one has recorded nothing new."""
        before = -1
        while before != (last := self.log.last_position()):
            before = last
            for duty in self.duties:
                duty.turn()
            for duty in self.duties:
                duty.settle()

    def due_at(self) -> datetime | None:
        """When anything is due next by the store's clock, unless something happens before."""
        moments = [duty.due_at() for duty in self.duties]
        return min((each for each in moments if each is not None), default=None)
