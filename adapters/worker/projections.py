"""The projections' turn: views follow the log, and what one cannot take stops no other."""

from collections.abc import Sequence

import structlog

from engine.ports.store import Store
from engine.ports.view_status import Stop
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from projections.projection import Projection

log = structlog.get_logger("sendledger.projections")


class Keeping:
    """Keeps these views alone, as on an embedded store."""

    def __init__(self, store: Store, views: Views, projections: Sequence[Projection]) -> None:
        self._runner = ProjectionRunner(store, views, projections)
        self._told: dict[Projection, Stop] = {}

    def turn(self) -> int:
        """Answers the position reached."""
        kept = self._runner.keep_up()
        for projection, stop in kept.stopped.items():
            if self._told.get(projection) != stop:
                log.error("view stopped", view=projection.name, at=stop.position, error=stop.error)
        self._told = dict(kept.stopped)
        return kept.position
