"""Opening the history that a command asks about, and how its errors are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from adapters.composition import asking
from adapters.settings import EngineSettings, SettingsError, load_settings
from engine.audit.source import Source
from engine.ports.errors import StoreError
from events.catalogue import UnreadableEvent

EXIT_INTERRUPTED = 130

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="STORE", help="A path, or postgresql://… Default: the setting `store`."
    ),
]


@contextmanager
def open_source(url: str | Path | None = None) -> Iterator[Source]:
    """Open a store read-only; the setting ``store`` where none is named. Raises ``StoreError``."""
    with asking(settings_for(url)) as opened:
        yield Source(opened.store, opened.views)


def settings_for(url: str | Path | None, workspace: str | None = None) -> EngineSettings:
    """The settings, with the store that was named in place of theirs. Raises ``SettingsError``."""
    return load_settings(store=url, workspace=workspace)


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
