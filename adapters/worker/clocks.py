"""The turn of clocks: settle every workspace in which something is due (S7)."""

from collections.abc import Callable, Sequence

import structlog

from engine.engine import Engine
from engine.ports.coordination import Leased, Membership
from engine.ports.errors import StoreUnavailable

log = structlog.get_logger("sendledger.clocks")

AT_ONCE = 50
"""Workspaces settled in one transaction."""
SMALL = 2_000
"""Events of a workspace that may be settled together with others: a command in one of them has to
wait for all, and a large one may take long."""


class Clocks:
    """Settles the workspaces that it leases, small ones together, large ones each by itself.

    A workspace that cannot be settled does not hold up the others; it is tried again, and parked in
    the end.
    """

    def __init__(
        self, engine: Engine, member: Membership, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self._engine = engine
        self._member = member
        self._wanted = wanted

    def turn(self) -> int:
        """Settle until nothing is due or the worker is no longer ``wanted``. Answers the number of
        events.

        What is due at this very moment may still be prevented (S2): the next turn settles it. In a
        fenced store nothing is leased, since nothing would be settled (M6).

        Raises ``StoreUnavailable``; the leases then expire by themselves.
        """
        if self._engine.fence.closed() is not None:
            return 0
        settled, found = 0, 1
        while found and self._wanted() and (leased := self._member.lease(AT_ONCE)):
            found = self._settle(leased)
            settled += found
        if settled:
            log.info("settled", events=settled)
        return settled

    def _settle(self, leased: Sequence[Leased]) -> int:
        small = [
            each.workspace for each in leased if each.events is not None and each.events < SMALL
        ]
        done = self._together(small)
        for workspace, _ in leased:
            if workspace not in done:
                self._alone(workspace, done)
        self._member.settled(list(done))
        return sum(done.values())

    def _together(self, workspaces: Sequence[str]) -> dict[str, int]:
        try:
            return self._engine.tick_together(workspaces) if workspaces else {}
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 settling each alone shows which one fails
            return {}

    def _alone(self, workspace: str, done: dict[str, int]) -> None:
        try:
            done[workspace] = self._engine.tick(workspace)
        except StoreUnavailable:
            raise
        except Exception as error:
            parked = self._member.failed(workspace, error)
            log.exception("cannot be settled", workspace=workspace, parked=parked)
