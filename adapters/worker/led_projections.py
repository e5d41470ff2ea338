"""The projections' turn on PostgreSQL: each view has one leader among the processes.

A process keeps what it leads, is woken when something was appended, and looks for itself every
second.
"""

from collections.abc import Sequence

import structlog

from adapters.stores.postgres.leading import Leader
from adapters.stores.postgres.listening import Listener
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.postgres.views import PostgresViews
from adapters.worker.projections import Keeping
from engine.ports.errors import Fenced
from projections.projection import Projection

log = structlog.get_logger("sendledger.projections")


class LedKeeping:
    """Keeps those of these views that this process leads. ``keeper``: its name."""

    def __init__(
        self, store: PostgresStore, projections: Sequence[Projection], keeper: str
    ) -> None:
        self._store = store
        self._projections = projections
        self._leader = Leader(store, keeper)
        self._listener = Listener(store)
        self._views = PostgresViews(store)
        self._led: dict[Projection, int] = {}
        self._keeping: Keeping | None = None

    def turn(self) -> None:
        led = self._leader.lead(self._projections)
        if led != self._led:
            log.info("leading", views=",".join(each.name for each in led) or "none")
            self._led = led
            views = self._views.fenced(led)
            self._keeping = Keeping(self._store, views, [*led]) if led else None
        if self._keeping is not None:
            try:
                self._keeping.turn()
            except Fenced as error:
                log.warning("fenced", reason=str(error))
                self._leader.close()

    def wait(self, seconds: float) -> None:
        """Until something was appended, at most so long."""
        self._listener.wait(seconds)

    def wake(self) -> None:
        """End the waiting, for good."""
        self._listener.close()

    def close(self) -> None:
        self._listener.close()
        self._leader.close()
