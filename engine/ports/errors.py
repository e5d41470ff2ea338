"""The errors that a store may raise instead of doing what was asked.

::

    StoreError
    ├── StoreFailed        the product's own message
    │   ├── StoreRefused   the same, with advice
    │   └── WrittenMeanwhile   somebody else wrote first
    ├── NoStore            nothing to open there
    │   ├── EmptyDatabase  a database without tables
    │   └── NoSchema       a schema that does not exist
    ├── OtherProgram       tables that are not ours
    ├── NotAUrl            (adapters.stores.postgres) not the URL of a database
    ├── UnsafeFunctions    (adapters.stores.postgres) a variable with which events are lost
    ├── RebuildRefused     (adapters.stores.postgres.rebuild) the views are unchanged
    │   ├── RebuildUnderWay
    │   ├── RebuildHindered    somebody held a view or the log
    │   ├── SkippedMeanwhile   an operator had a view skip an event
    │   └── SharedWrongly      a view's rows disagree with its events
    ├── AlreadyServed      (adapters.stores.sqlite) another process serves it
    ├── ZeroCharacter      a text that cannot be stored
    ├── FileUnwritable     a file next to the store cannot be written
    ├── ReadOnlyStore      opened read-only
    ├── StoreLacksSteps    made by an older program
    ├── StoreTooNew        made by a newer program
    │   └── VersionTooNew  the same, for an embedded store
    ├── StoreUnavailable   lost, or cannot be reached
    ├── WithoutEntries     made by an older program, and opened read-only
    ├── GapInEntries       (engine.entries) the numbering does not fit the log
    ├── NotContinued       (engine.appending) entries that do not continue the log
    ├── UnreadableRecord   (engine.stream.reading) a record that no store has published
    ├── GapInLog           (engine.decoding) an event is missing
    ├── GapInStream        (engine.decoding) a version is missing
    ├── MissingEnvelope    (engine.decoding) an event without its envelope
    ├── CannotTake         (engine.folding) a view cannot process an event
    ├── StaleView          another process also keeps the view
    ├── ViewAsFar          the view has these events already
    ├── Fenced             another process leads the view now
    ├── ViewStopped        an operator has to decide
    ├── StillHeld          somebody else holds it for too long
    ├── ViewDiffers        its rows do not match the log
    ├── NotStoppedThere    there is nothing to skip
    ├── WebhookError       (engine.work.webhooks.endpoint) a webhook cannot be made or changed so
    ├── TracesRemain       (engine.work.ports) a person is not completely forgotten yet
    └── VaultError         (engine.work.secret) a secret or its key cannot be used
"""

from engine.ports.view_status import Stop
from events.errors import ExplainedError
from projections.projection import Projection


class StoreError(ExplainedError):
    """The store cannot do what was asked; the text says why and what to do next."""


class StoreFailed(StoreError):
    """``said``: the product's own message, on one line."""

    sentence = "The store {store} failed: {said}."


class StoreRefused(StoreFailed):
    sentence = "The store {store}: {advice} ({said})."


class WrittenMeanwhile(StoreFailed):
    sentence = "Somebody else wrote to the workspace meanwhile: {said}. Try again."


class OtherProgram(StoreError):
    """``advice``: what to give instead."""

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
    """The store cannot be reached, or the connection was lost: the last request may or may not have
    been carried out. Ask again."""

    sentence = "The store {store} {what}."


class ReadOnlyStore(StoreError):
    """The store was opened read-only, so that nothing in it can change."""

    sentence = "The store {store} is open for reading only; nothing was written."


class ZeroCharacter(StoreError):
    sentence = (
        "{what} has a text with a zero character, which PostgreSQL cannot store. Leave it out; "
        "nothing was written."
    )


class StaleView(StoreError):
    """The view is no longer at the position from which the rows were folded; read its position
    again."""

    sentence = (
        "View {view} stands at {found}, not at {expected}: another process keeps it too. Try again."
    )


class ViewAsFar(StoreError):
    sentence = "View {view} stands at {found} already."


class Fenced(StoreError):
    """Another process leads the view now; what this one folded is not written."""

    sentence = (
        "View {view} is led in epoch {newest} by another process; this one led it in {epoch}. "
        "Nothing was written; lead it anew."
    )


class StillHeld(StoreError):
    """Somebody else is doing what only one may do at a time, and the wait for it has timed out."""

    sentence = (
        "Another process is using {name}, and did not finish within {patience:g} s. Try again."
    )


class ViewStopped(StoreError):
    """A view has stopped before an event that it cannot process, until an operator decides."""

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
