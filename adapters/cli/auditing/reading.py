"""Opens the history that a command asks about, and reports its errors."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from adapters.composition.programs import asking
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from engine.audit.moments import By, Moment, NoMoment, read_moment
from engine.audit.source import Source

ByOption = Annotated[
    By, typer.Option("--by", help="Which time counts: when it was recorded, or when it happened.")
]


@contextmanager
def open_source(url: str | Path | None = None) -> Iterator[Source]:
    """Open a store read-only; by default that of the setting ``store``. Raises ``StoreError``."""
    with asking(settings_for(url)) as opened:
        yield Source(opened.store, opened.views)


def settings_for(url: str | Path | None, workspace: str | None = None) -> EngineSettings:
    """The settings, with the given store in place of their own. Raises ``SettingsError``."""
    return load_settings(store=url, workspace=workspace)


def reading(stopped: str = "Stopped. Nothing was changed.") -> AbstractContextManager[None]:
    """Report errors that a person can do something about, without a traceback."""
    return explained(stopped=stopped)


def moment_of(text: str, by: By, source: Source) -> Moment:
    """The moment in the text; ends the program if this history has no such moment."""
    try:
        return read_moment(text, by, source)
    except NoMoment as error:
        fail(str(error), EXIT_UNREADABLE)
