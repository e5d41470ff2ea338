"""What a store may answer instead of doing what was asked."""

from engine.ports.view_status import Stop
from projections.projection import Projection


class StoreError(Exception):
    """The store cannot do what was asked; the text says why and what to do next."""


class StoreUnavailable(StoreError):
    """The store was lost on the way: what was asked last may be done or not. Ask again."""


class ReadOnlyStore(StoreError):
    """The store was opened to be read, so that nothing of it can change."""

    def __init__(self, store: str) -> None:
        super().__init__(f"The store {store} is open for reading only; nothing was written.")


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
