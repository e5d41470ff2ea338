"""What a worker does in turns: which duties its roles have on its store."""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, cast

import structlog

from adapters.settings import EngineSettings
from adapters.stores.opening import Kind, Opened, kind_of
from adapters.worker.notices import Deliveries
from adapters.worker.projections import Keeping
from adapters.worker.roles import Role
from engine.engine import Engine
from projections.shipped import SHIPPED

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore

log = structlog.get_logger("sendledger.worker")
LONGEST_WAIT = 1.0
"""Seconds after which a duty that is usually woken looks for itself."""


class Duty(NamedTuple):
    """``turn`` comes every so many ``seconds``, or sooner, whenever ``wait`` ends."""

    name: str
    turn: Callable[[], object]
    seconds: float
    wait: Callable[[float], object] | None = None
    wake: Callable[[], object] | None = None
    """Ends the waiting when the worker is to stop."""


class Shift(NamedTuple):
    """What a worker works with. ``wanted`` tells a long turn to come to its end; ``stack`` closes
    whatever a duty opens."""

    opened: Opened
    engine: Engine
    settings: EngineSettings
    wanted: Callable[[], bool]
    stack: ExitStack


class Alone:
    """The duties of the one process that serves an embedded store."""

    def __init__(self, shift: Shift) -> None:
        self._opened, self._engine, self._settings, _, _ = shift

    def clocks(self) -> Duty:
        return Duty("clocks", self._tick, self._settings.tick_interval)

    def projections(self) -> Duty:
        keeping = Keeping(self._opened.store, self._opened.views, SHIPPED)
        return Duty("projections", keeping.turn, self._settings.projection_interval)

    def notices(self) -> Duty:
        deliveries = Deliveries(self._engine, self._opened.views, self._settings)
        return Duty("notices", deliveries.turn, self._settings.tick_interval)

    def _tick(self) -> None:
        settled = self._engine.tick_all()
        if settled:
            log.info("settled", events=settled)


class AmongOthers:
    """The duties of one of many processes on PostgreSQL."""

    def __init__(self, shift: Shift) -> None:
        self._opened, self._engine, self._settings, self._wanted, self._stack = shift
        self._store = cast("PostgresStore", self._opened.store)

    def clocks(self) -> Duty:
        from adapters.stores.postgres.leases import Leases  # noqa: PLC0415 only on PostgreSQL
        from adapters.worker.clocks import LeasedClocks  # noqa: PLC0415

        clocks = LeasedClocks(self._engine, Leases(self._store, worker_name()), self._wanted)

        def turn() -> None:
            settled = clocks.turn()
            if settled:
                log.info("settled", events=settled)

        return Duty("clocks", turn, self._settings.tick_interval)

    def projections(self) -> Duty:
        from adapters.worker.led_projections import LedKeeping  # noqa: PLC0415 only on PostgreSQL

        keeping = LedKeeping(self._store, SHIPPED, worker_name())
        self._stack.callback(keeping.close)
        return Duty("projections", keeping.turn, LONGEST_WAIT, keeping.wait, keeping.wake)

    def notices(self) -> Duty:
        from adapters.stores.postgres.single_runner import SingleRunner  # noqa: PLC0415 only on PostgreSQL

        sole = SingleRunner(self._store, "notices")
        self._stack.callback(sole.close)
        deliveries = Deliveries(self._engine, self._opened.views, self._settings)

        def turn() -> None:
            if sole.held():
                deliveries.turn()

        return Duty("notices", turn, self._settings.tick_interval)


def duties(shift: Shift, roles: Sequence[Role]) -> Sequence[Duty]:
    """Notices only where the settings name a way to owners."""
    crew: Alone | AmongOthers
    crew = AmongOthers(shift) if kind_of(shift.settings.store) is Kind.POSTGRES else Alone(shift)
    found = {Role.CLOCKS: crew.clocks, Role.PROJECTIONS: crew.projections}
    if shift.settings.tells_owners:
        found[Role.NOTICES] = crew.notices
    return [found[role]() for role in roles if role in found]


def worker_name() -> str:
    """Tells operators which process it is."""
    return f"{socket.gethostname()}:{os.getpid()}"
