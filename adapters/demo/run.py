"""Runs the demo: builds the stage in a folder and has the story told on it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from rich.console import Console

from adapters.composition import served, staged, turns
from adapters.demo.cast import OWNER
from adapters.demo.folder import OUTBOX, STORE, claim, clear
from adapters.demo.screen import Screen
from adapters.demo.stage import Stage
from adapters.demo.story import tell_story
from adapters.demo.verdict import show_verdict
from adapters.settings import EngineSettings
from engine.ports.clock import WarpedClock

STORY = timedelta(days=9, hours=12)
"""The story takes a little less, so that it can end in the present."""


def run_demo(folder: Path, console: Console, *, speed: float = 1.0) -> bool:
    """Play the story in ``folder``, in about half a minute at ``speed`` 1.

    Leaves the store and the outbox there. Answers whether all that is checked at the end holds.
    Raises ``StoreError`` for a folder that holds anything but an earlier demo, and for a store that
    a running ``serve`` uses.
    """
    claim(folder)
    settings = EngineSettings.model_construct(
        store=str(folder / STORE), outbox=folder / OUTBOX, owner_address=OWNER
    )
    clock = WarpedClock(datetime.now(UTC) - STORY)
    with served(settings):
        clear(folder)
    with _quietly(), staged(settings, clock) as program, turns(program) as duties:
        screen = Screen(console, clock, program.opened.views)
        stage = Stage(program, clock, screen, duties, speed)
        with screen.shown():
            tell_story(stage)
            stage.reach(max(datetime.now(UTC), clock()), seconds=0.5)
        return show_verdict(console, program)


@contextmanager
def _quietly() -> Iterator[None]:
    """What the duties log is not the story's."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)
