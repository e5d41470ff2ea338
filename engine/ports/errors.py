"""What a store may answer instead of doing what was asked.

::

    StoreError
    ├── NoStore            nothing there to open
    │   └── EmptyDatabase  a database without tables
    ├── ReadOnlyStore      opened only to be read
    ├── StoreLacksSteps    made by an older program
    ├── StoreTooNew        made by a newer program
    ├── StoreUnavailable   lost on the way
    ├── GapInLog           (engine.decoding) an event is missing
    ├── GapInStream        (engine.decoding) a version is missing
    ├── MissingEnvelope    (engine.decoding) an event without its envelope
    ├── CannotTake         (engine.folding) a view fails at an event
    ├── StaleView          another process keeps the view, too
    ├── Fenced             another process leads the view by now
    ├── ViewStopped        an operator has to decide
    ├── StillHeld          somebody else does it, and takes long
    ├── NotStoppedThere    there is nothing to skip
    ├── TracesRemain       (engine.work.ports) a person is not wholly forgotten yet
    └── VaultError         (engine.work.secret) a secret or its key cannot be had
"""

from engine.ports.view_status import Stop
from events.errors import ExplainedError
from projections.projection import Projection


class StoreError(ExplainedError):
    """The store cannot do what was asked; the text says why and what to do next.

    ``said``: the whole text, from a product that explains itself.
    """

    sentence = "{said}"

    def __init__(self, said: object = None, /, **about: object) -> None:
        super().__init__(**({} if said is None else {"said": said}), **about)


class NoStore(StoreError):
    sentence = "There is no store {store}."


class EmptyDatabase(NoStore):
    sentence = "{store} is an empty database, no store. Name another file."


class StoreLacksSteps(StoreError):
    sentence = "The store {store} does not fit this program. It lacks step {number} ({name})."


class StoreTooNew(StoreError):
    sentence = (
        "The store {store} does not fit this program. It has step {number} ({name}), after which "
        "older programs are refused. Upgrade Sendledger."
    )


class StoreUnavailable(StoreError):
    """The store was lost on the way: what was asked last may be done or not. Ask again."""


class ReadOnlyStore(StoreError):
    """The store was opened to be read, so that nothing of it can change."""

    sentence = "The store {store} is open for reading only; nothing was written."


class StaleView(StoreError):
    """The view is not where the rows were folded from; read its position again."""

    sentence = (
        "View {view} stands at {found}, not at {expected}: another process keeps it too. Try again."
    )


class Fenced(StoreError):
    """Another process leads the view by now; what this one folded is not written."""

    sentence = (
        "View {view} is led in epoch {newest} by another process; this one led it in {epoch}. "
        "Nothing was written; lead it anew."
    )


class StillHeld(StoreError):
    """What one alone may do at a time is being done by somebody else, and waiting has an end."""

    sentence = "Somebody else is at {name}, and was not ready within {patience:g} s. Try again."


class ViewStopped(StoreError):
    """A view stands still before an event that it cannot take, until an operator decides."""

    sentence = "View {view} is stopped at position {position} ({error})."

    def __init__(self, projection: Projection, stop: Stop) -> None:
        super().__init__(view=projection.name, position=stop.position, error=stop.error)


class NotStoppedThere(StoreError):
    """Only the very event at which a view is stopped can be skipped."""

    sentence = "View {view} {found}, so {position} was not skipped."

    def __init__(self, projection: Projection, position: int, stop: Stop | None) -> None:
        found = f"is stopped at position {stop.position}" if stop else "is not stopped"
        super().__init__(view=projection.name, found=found, position=position)
