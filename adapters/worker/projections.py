"""The turn of projections: views follow the log; one that cannot take an event stops no other."""

from collections.abc import Sequence

import structlog

from engine.ports.coordination import Led, Membership
from engine.ports.errors import Fenced
from engine.ports.log import Log
from engine.ports.view_status import Stop
from engine.projecting import ProjectionRunner
from projections.projection import Projection

log = structlog.get_logger("sendledger.projections")


class Keeping:
    """Keeps those of the views that this worker leads."""

    def __init__(self, store: Log, projections: Sequence[Projection], member: Membership) -> None:
        self._store = store
        self._projections = projections
        self._member = member
        self._led: Led | None = None
        self._runner: ProjectionRunner | None = None
        self._told: dict[Projection, Stop] = {}

    def turn(self) -> None:
        led = self._member.lead(self._projections)
        if led is not self._led:
            self._led = led
            log.info("leading", views=",".join(each.name for each in led.projections) or "none")
            runner = ProjectionRunner(self._store, led.views, led.projections)
            self._runner = runner if led.projections else None
        if self._runner is not None:
            try:
                self._keep_up(self._runner)
            except Fenced as error:
                log.warning("fenced", reason=str(error))
                self._member.let_go()

    def _keep_up(self, runner: ProjectionRunner) -> None:
        stopped = runner.keep_up().stopped
        for projection, stop in stopped.items():
            if self._told.get(projection) != stop:
                log.error("view stopped", view=projection.name, at=stop.position, error=stop.error)
        self._told = dict(stopped)
