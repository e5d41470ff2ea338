"""What a store may answer instead of doing what was asked.

::

    StoreError
    ├── StoreFailed        the product's own words
    │   ├── StoreRefused   the same, and what to do
    │   └── WrittenMeanwhile   somebody else was quicker
    ├── NoStore            nothing there to open
    │   ├── EmptyDatabase  a database without tables
    │   └── NoSchema       a schema that does not exist
    ├── OtherProgram       tables that are none of ours
    ├── NotAUrl            (adapters.stores.postgres) no URL of a database
    ├── UnsafeFunctions    (adapters.stores.postgres) a variable that loses events
    ├── RebuildRefused     (adapters.stores.postgres.rebuild) the views are as they were
    │   ├── RebuildUnderWay
    │   ├── RebuildHindered    somebody held a view or the log
    │   ├── SkippedMeanwhile   an operator had a view skip an event
    │   └── SharedWrongly      a view says of its rows what its events do not
    ├── AlreadyServed      (adapters.stores.sqlite) one process serves it
    ├── ZeroCharacter      a text that cannot be stored
    ├── FileUnwritable     a file beside the store cannot be written
    ├── ReadOnlyStore      opened only to be read
    ├── StoreLacksSteps    made by an older program
    ├── StoreTooNew        made by a newer program
    │   └── VersionTooNew  the same, of an embedded store
    ├── StoreUnavailable   lost on the way, or not to be reached
    ├── WithoutEntries     made by an older program, and opened only to be read
    ├── GapInEntries       (engine.entries) the numbering does not fit the log
    ├── NotContinued       (engine.appending) entries that do not go on where the log ends
    ├── UnreadableRecord   (engine.stream.reading) a record that no store has told
    ├── GapInLog           (engine.decoding) an event is missing
    ├── GapInStream        (engine.decoding) a version is missing
    ├── MissingEnvelope    (engine.decoding) an event without its envelope
    ├── CannotTake         (engine.folding) a view fails at an event
    ├── StaleView          another process keeps the view, too
    ├── ViewAsFar          the view has these events already
    ├── Fenced             another process leads the view by now
    ├── ViewStopped        an operator has to decide
    ├── StillHeld          somebody else does it, and takes long
    ├── ViewDiffers        its rows are not what the log comes to
    ├── NotStoppedThere    there is nothing to skip
    ├── WebhookError       (engine.work.webhooks.endpoint) a webhook cannot be so
    ├── TracesRemain       (engine.work.ports) a person is not wholly forgotten yet
    └── VaultError         (engine.work.secret) a secret or its key cannot be had
"""

from engine.ports.view_status import Stop
from events.errors import ExplainedError
from projections.projection import Projection


class StoreError(ExplainedError):
    """The store cannot do what was asked; the text says why and what to do next."""


class StoreFailed(StoreError):
    """``said``: the product's own words, on one line."""

    sentence = "The store {store} failed: {said}."


class StoreRefused(StoreFailed):
    sentence = "The store {store}: {advice} ({said})."


class WrittenMeanwhile(StoreFailed):
    sentence = "Somebody else wrote to the workspace meanwhile: {said}. Try again."


class OtherProgram(StoreError):
    """``advice``: what to name instead."""

    sentence = "{store} belongs to another program. {advice}"


class FileUnwritable(StoreError):
    sentence = "{file} cannot be written: {said}."


class NoStore(StoreError):
    sentence = "There is no store {store}."


class EmptyDatabase(NoStore):
    sentence = "{store} is an empty database, no store. Name another file."


class NoSchema(NoStore):
    sentence = "There is no store in {store}: the schema of search_path does not exist."


class StoreLacksSteps(StoreError):
    sentence = "The store {store} does not fit this program. It lacks step {number} ({name})."


class WithoutEntries(StoreError):
    sentence = (
        "The store {store} was made by an older program and has neither an id nor entries yet. It "
        "gets both when it is opened to be written."
    )


class StoreTooNew(StoreError):
    sentence = (
        "The store {store} does not fit this program. It has step {number} ({name}), after which "
        "older programs are refused. Upgrade Sendledger."
    )


class VersionTooNew(StoreTooNew):
    sentence = (
        "{store} has store version {version}; this program knows {known}. Upgrade Sendledger."
    )


class StoreUnavailable(StoreError):
    """The store cannot be reached, or was lost on the way: what was asked last may be done or not.
    Ask again."""

    sentence = "The store {store} {what}."


class ReadOnlyStore(StoreError):
    """The store was opened to be read, so that nothing of it can change."""

    sentence = "The store {store} is open for reading only; nothing was written."


class ZeroCharacter(StoreError):
    sentence = (
        "{what} has a text with a zero character, which PostgreSQL cannot store. Leave it out; "
        "nothing was written."
    )


class StaleView(StoreError):
    """The view is not where the rows were folded from; read its position again."""

    sentence = (
        "View {view} stands at {found}, not at {expected}: another process keeps it too. Try again."
    )


class ViewAsFar(StoreError):
    sentence = "View {view} stands at {found} already."


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


class ViewDiffers(StoreError):
    sentence = "View {view} differs from the log in {rows}."


class NotStoppedThere(StoreError):
    """Only the very event at which a view is stopped can be skipped."""

    sentence = "View {view} {found}, so {position} was not skipped."

    def __init__(self, projection: Projection, position: int, stop: Stop | None) -> None:
        found = f"is stopped at position {stop.position}" if stop else "is not stopped"
        super().__init__(view=projection.name, found=found, position=position)
