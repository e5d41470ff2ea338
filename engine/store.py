"""The port to the event store: what the engine needs of one, and nothing of any product."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from eventsourcing.persistence import StoredEvent

from engine.standing import Keeper, Skip, Standing, Stop
from events.recorded import Envelope
from processors.timers import Key, Timer
from projections.projection import Projection


class StoreError(Exception):
    """The store cannot do what was asked; the text says why and what to do next."""


class StoreUnavailable(StoreError):
    """The store was lost on the way: what was asked last may be done or not. Ask again."""


class StaleView(StoreError):
    """The view is not where the rows were folded from; read its position again."""

    def __init__(self, view: str, expected: int, found: int) -> None:
        super().__init__(
            f"View {view} stands at {found}, not at {expected}: another process keeps it too. "
            "Try again."
        )


class Fenced(StoreError):
    """Another process leads the view by now; what this one folded is not written."""

    def __init__(self, view: str, epoch: int, newest: int) -> None:
        super().__init__(
            f"View {view} is led in epoch {newest} by another process; this one led it in "
            f"{epoch}. Nothing was written; lead it anew."
        )


class ViewStopped(StoreError):
    """A view stands still before an event that it cannot take, until an operator decides."""

    def __init__(self, projection: Projection, stop: Stop) -> None:
        self.projection, self.stop = projection, stop
        name, position = projection.name, stop.position
        super().__init__(
            f"View {name} is stopped at position {position} ({stop.error}). When the cause is "
            f"gone: `sendledger projections retry {name}`; to do without that event for ever: "
            f"`sendledger projections skip {name} --position {position} --reason …`."
        )


class NotStoppedThere(StoreError):
    """Only the very event at which a view is stopped can be skipped."""

    def __init__(self, projection: Projection, position: int, stop: Stop | None) -> None:
        found = f"is stopped at position {stop.position}" if stop else "is not stopped"
        super().__init__(
            f"View {projection.name} {found}, so {position} was not skipped. "
            "Look again: `sendledger projections`."
        )


Row = tuple[int, str, int, str, bytes]
"""An event as stored: position, stream id, version, topic, undecoded state. A plain tuple, because
a log has millions of them and this is what drivers answer."""


NewRow = tuple[str, int, str, bytes]
"""An event to be stored: stream id, version, topic, state."""


class Page(NamedTuple):
    """Consecutive rows of the log and every envelope they came in, in order of position."""

    rows: Sequence[Row]
    envelopes: Sequence[Envelope]


class Append(NamedTuple):
    """All that a transaction writes to its workspace; no store can do more than add (F1).

    The events take the next positions of the log, in this order, when the transaction commits;
    until then nobody knows which, so the positions in ``envelopes`` count from 1 within the append.
    ``timers`` holds what each key's timer is from now on, None for one that is cleared.
    """

    events: Collection[NewRow]
    """Rows are made whenever they are asked for, so that making and writing can overlap."""
    envelopes: Sequence[Envelope]
    timers: Mapping[Key, Timer | None]
    roster: Iterable[tuple[str, str]]


class Indexes(NamedTuple):
    """What a store derives from its log for whoever lets time run, all of one moment."""

    position: int
    """The log's end then."""
    timers: Sequence[tuple[str, Timer]]
    """By workspace."""
    roster: Sequence[tuple[str, str, str]]
    """Workspace, entry, campaign."""
    due: Mapping[str, datetime]
    """By workspace, the time that ``due_workspaces`` goes by."""


def earliest(timers: Iterable[tuple[str, Timer]]) -> dict[str, datetime]:
    """By workspace, when its first timer is due."""
    due: dict[str, datetime] = {}
    for workspace, timer in timers:
        due[workspace] = min(timer.due_at, due.get(workspace, timer.due_at))
    return due


class WorkspaceTransaction(Protocol):
    """One workspace under its lock, from ``now`` until commit or rollback."""

    now: datetime
    """The store's clock, UTC, never earlier than anything recorded in the workspace."""
    last_position: int
    """Nothing of the workspace stands behind it; the same as long as nobody writes to it."""

    @property
    def appended_behind(self) -> int:
        """After the commit: the position behind which the appended events stand."""
        ...

    def stream(self, stream_id: str, after: int) -> Iterator[Row]:
        """The stream's events behind that version; to be read to its end before anything else."""
        ...

    def snapshot(self, stream_id: str, topic: str) -> StoredEvent | None:
        """The newest snapshot of that topic."""
        ...

    def envelope(self, command_id: str) -> Envelope | None: ...

    def timers(self, until: datetime) -> Sequence[Timer]:
        """Timers due at or before that moment."""
        ...

    def roster(self, entry: str) -> Sequence[str]: ...

    def append(self, append: Append) -> None:
        """Write it all with the commit, once in a transaction.

        Raises ``StoreError``, here or at the commit, when somebody else wrote to one of the
        streams or one of the commands is recorded already.
        """
        ...


class Store(Protocol):
    def now(self) -> datetime: ...

    def transaction(
        self, workspace: str, command_ids: Sequence[str] = ()
    ) -> AbstractContextManager[WorkspaceTransaction]:
        """Lock the workspace; commit at the end, roll back on any exception.

        ``command_ids``: whose envelopes will be asked for, so that they come with the lock.
        """
        ...

    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> AbstractContextManager[Mapping[str, WorkspaceTransaction]]:
        """Lock several workspaces, each with its command ids, and commit them together.

        Those that somebody else has locked may be left out: nobody waits for them here.
        """
        ...

    def read(self, after: int, limit: int) -> Page:
        """Up to ``limit`` events after that position, without a gap."""
        ...

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """In what came the events of that command; None for one that was never recorded."""
        ...

    def last_position(self) -> int: ...

    def workspaces(self) -> Sequence[str]:
        """Every workspace in which something was recorded, in order."""
        ...

    def next_due(self) -> datetime | None: ...

    def due_workspaces(self, until: datetime) -> Sequence[str]:
        """Workspaces with a timer due at or before that moment."""
        ...

    def save_snapshot(self, snapshot: StoredEvent) -> None: ...

    def reach_disk(self) -> None:
        """Comes back when all that was read here is on the disk: before it is told outside."""
        ...

    def snapshots(self) -> Sequence[StoredEvent]:
        """Each stream's, whatever its topic; for who checks them."""
        ...

    def indexes(self) -> Indexes:
        """All timers and the whole roster; for who checks them."""
        ...

    def replace_indexes(
        self,
        timers: Iterable[tuple[str, Timer]],
        roster: Iterable[tuple[str, str, str]],
    ) -> None:
        """Throw timers and roster away and write these instead; both derive from the log."""
        ...

    def close(self) -> None: ...


RowKey = tuple[str, ...]


class Views(Protocol):
    """Where projections keep their rows and their position."""

    def position(self, projection: Projection) -> int:
        """How far the rows have come, 0 for none or for rows of another version."""
        ...

    def reset(self, projection: Projection) -> None:
        """Empty the view and start again at 0, not stopped; other versions' positions go too."""
        ...

    def fetch(self, projection: Projection, keys: Sequence[RowKey]) -> dict[RowKey, Any]: ...

    def save(
        self,
        changes: Mapping[Projection, Mapping[RowKey, Any]],
        since: Mapping[Projection, int],
        position: int,
    ) -> None:
        """Write the rows and the position of all these projections in one transaction.

        ``since`` is the position from which each was folded. Raises ``StaleView`` when one stands
        elsewhere by now: somebody else folded or emptied it meanwhile.
        """
        ...

    def rows(self, projection: Projection, *prefix: str, **equal: str | bool) -> Sequence[Any]:
        """Rows whose key begins with ``prefix`` and whose columns equal these, by key."""
        ...

    def count(self, projection: Projection, *prefix: str, **equal: str | bool) -> int: ...

    def standings(self, projections: Sequence[Projection]) -> dict[Projection, Standing]:
        """How each of these stands, read together."""
        ...

    def keepers(self, projections: Sequence[Projection]) -> dict[Projection, Keeper]:
        """Who leads them now; without those that nobody leads."""
        ...

    def stop(self, projection: Projection, stop: Stop) -> None:
        """Record that the view cannot take the event at that position.

        Raises ``StaleView`` when somebody had it go on or skip the event meanwhile.
        """
        ...

    def retry(self, projection: Projection) -> None:
        """Clear the stop, so that the event is tried again."""
        ...

    def skip(self, projection: Projection, skip: Skip) -> None:
        """Record for ever that the view passes over the event at which it is stopped, and go on.

        Raises ``NotStoppedThere`` when that is not where it is stopped.
        """
        ...
