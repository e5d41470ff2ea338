"""Is a store well? One look that costs the same however long the log is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from adapters.settings import EngineSettings
from adapters.stores.opening import Kind, Opened, kind_of
from engine.ports.store import Store
from engine.ports.view_status import Stop
from events.vocabulary import instant_text
from projections.shipped import SHIPPED

if TYPE_CHECKING:
    from adapters.stores.postgres import PostgresStore
    from adapters.stores.postgres.leases import Parked


class ViewHealth(NamedTuple):
    """How far a view is behind the log."""

    name: str
    position: int
    events: int
    """How many it has not seen."""
    seconds: float
    """Age of the oldest of them, by the store's clock; 0 without any."""
    stop: Stop | None


class Due(NamedTuple):
    """What should have been settled and was not, parked workspaces left out."""

    workspaces: int
    seconds: float
    """How long the oldest has been due; 0 without any."""


class Health(NamedTuple):
    at: datetime
    """By the store's clock."""
    position: int
    views: Sequence[ViewHealth]
    due: Due
    parked: Sequence["Parked"]

    def reasons(self, patience: float) -> list[str]:
        """Why it is not well, a sentence each: what waits for longer than ``patience`` seconds."""
        return [*self._of_views(patience), *self._of_clocks(patience)]

    def _of_views(self, patience: float) -> Iterator[str]:
        for view in self.views:
            if view.stop is not None:
                yield (
                    f"View {view.name} is stopped at position {view.stop.position}, since "
                    f"{instant_text(view.stop.since)}: {view.stop.error}. "
                    "See `sendledger projections`."
                )
            elif view.seconds > patience:
                yield (
                    f"View {view.name} is {view.events} events behind; the oldest waits for "
                    f"{view.seconds:.0f} s. Does a worker keep the projections?"
                )

    def _of_clocks(self, patience: float) -> Iterator[str]:
        if self.due.seconds > patience:
            yield (
                f"Something is due in {self.due.workspaces} workspaces, the oldest for "
                f"{self.due.seconds:.0f} s. Does a worker settle the clocks?"
            )
        for each in self.parked:
            yield (
                f"Workspace {each.workspace} is parked since {instant_text(each.parked_at)}, after "
                f"{each.failures} failures: {each.error}. When the cause is gone: "
                f"`sendledger unpark {each.workspace}`."
            )

    def to_json(self) -> dict[str, Any]:
        return {
            "at": instant_text(self.at),
            "position": self.position,
            "views": [_view_json(view) for view in self.views],
            "due": self.due._asdict(),
            "parked": [
                {
                    **each._asdict(),
                    "failed_at": instant_text(each.failed_at),
                    "parked_at": instant_text(each.parked_at),
                }
                for each in self.parked
            ],
        }


def look(opened: Opened, settings: EngineSettings) -> Health:
    """How the settings' store, which was opened, is now. Raises ``StoreError`` if it is lost."""
    store = opened.store
    now = store.now()
    views = list(_views(opened, now))
    due, parked = _due_of(store, now), list["Parked"]()
    if kind_of(settings.store) is Kind.POSTGRES:
        due, parked = _leased(cast("PostgresStore", store), now)
    return Health(now, store.last_position(), views, due, parked)


def _views(opened: Opened, now: datetime) -> Iterator[ViewHealth]:
    statuses = opened.views.statuses(SHIPPED)
    end = opened.store.last_position()
    ages = {at: _age(opened.store, at, now) for at in {s.position for s in statuses.values()}}
    for projection, (position, stop, _) in statuses.items():
        behind = max(end - position, 0)
        yield ViewHealth(projection.name, position, behind, ages[position], stop)


def _age(store: Store, position: int, now: datetime) -> float:
    """Seconds since the first event after that position was recorded."""
    _, envelopes = store.read(position, 1)
    return _since(envelopes[0].recorded_at if envelopes else None, now)


def _due_of(store: Store, now: datetime) -> Due:
    since = store.next_due()
    if since is None or since > now:
        return Due(0, 0.0)
    return Due(len(store.due_workspaces(now)), _since(since, now))


def _leased(store: "PostgresStore", now: datetime) -> tuple[Due, list["Parked"]]:
    from adapters.stores.postgres.leases import overdue, parked  # noqa: PLC0415 only on PostgreSQL

    found = overdue(store, now)
    return Due(found.workspaces, _since(found.since, now)), list(parked(store))


def _since(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _view_json(view: ViewHealth) -> dict[str, Any]:
    position, error, since = view.stop or (None, None, None)
    return {
        "name": view.name,
        "position": view.position,
        "events_behind": view.events,
        "seconds_behind": view.seconds,
        "stopped_at": position,
        "error": error,
        "stopped_since": since and instant_text(since),
    }
