"""The history under audit: any store by its URL, opened so that nothing of it can change."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from adapters.settings import EngineSettings, SettingsError, load_settings
from adapters.stores.opening import open_reader
from engine.decoding import GapInLog, decode_page
from engine.gc_pause import gc_paused
from engine.ports.errors import StoreError
from engine.ports.log import Page
from events.catalogue import UnreadableEvent
from events.recorded import Envelope, Recorded
from projections.projection import Projection

PAGE = 10_000
EXIT_INTERRUPTED = 130

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="STORE", help="A path, or postgresql://… Default: the setting `store`."
    ),
]


class Source(Protocol):
    """A history that stands still: ``end`` is fixed when it is opened."""

    name: str
    end: int
    """The last position that is read."""
    announced: int
    """The last position an envelope speaks of; the same unless the log was cut off."""

    def read(self, after: int, limit: int) -> Page: ...

    def workspaces(self) -> Sequence[str]: ...

    def envelope(self, workspace: str, command_id: str) -> Envelope | None:
        """In what came the events of that command; None for one that was never recorded."""
        ...

    def places(self, stream_id: str) -> Sequence[tuple[int, str]]:
        """Position and topic of each event of one stream."""
        ...

    def view_position(self, projection: Projection) -> int:
        """How far the stored view has come, 0 for none or for rows of another version."""
        ...

    def view_rows(
        self, projection: Projection, *prefix: str, **equal: str | bool
    ) -> Sequence[Any]: ...

    def close(self) -> None: ...


@contextmanager
def open_source(
    url: str | Path | None = None, lock_timeout: float | None = None
) -> Iterator[Source]:
    """Open a store read-only; the setting ``store`` where none is named. Raises ``StoreError``."""
    if url is None or lock_timeout is None:
        settings = settings_for(url)
        url = settings.store if url is None else url
        lock_timeout = settings.lock_timeout if lock_timeout is None else lock_timeout
    with closing(open_reader(str(url), lock_timeout)) as reader:
        yield reader


def settings_for(url: str | Path | None, workspace: str | None = None) -> EngineSettings:
    """The settings, with the store that was named in place of theirs. Raises ``SettingsError``."""
    return load_settings(store=url, workspace=workspace)


def facts(
    source: Source,
    until: int | None = None,
    progress: Callable[[int], None] = lambda _position: None,
    after: int = 0,
) -> Iterator[Recorded]:
    """The history after ``after`` up to ``until``, in constant memory.

    Raises ``UnreadableEvent`` or ``StoreError`` at the first event that cannot be read, once all
    before it were answered. ``progress`` hears the position after every page.
    """
    end = source.end if until is None else min(until, source.end)
    position = after
    with gc_paused():
        while position < end:
            page = source.read(position, min(PAGE, end - position))
            if not page.rows:
                raise GapInLog(expected=position + 1, found=end)
            yield from decode_page(page, position)
            position = page.rows[-1][0]
            progress(position)


@contextmanager
def reading(stopped: str = "Stopped. Nothing was changed.") -> Iterator[None]:
    """Errors a person can do something about, on one line, without a traceback."""
    try:
        yield
    except (StoreError, SettingsError, UnreadableEvent) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo(stopped, err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
