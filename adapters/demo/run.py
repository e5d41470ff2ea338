"""Runs the demo: prepares the stage in a folder and plays the story on it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from secrets import token_urlsafe
from threading import Event

import structlog
from pydantic import SecretStr
from rich.console import Console

from adapters.composition.programs import Program, served, staged, step_by_step, watched_by
from adapters.composition.serving_http import http_served
from adapters.demo.cast import OWNER, WORKSPACE, ZONE
from adapters.demo.folder import OUTBOX, STORE, claim, clear
from adapters.demo.screen import Screen
from adapters.demo.stage import Stage
from adapters.demo.story import tell_story
from adapters.demo.verdict import show_verdict
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.model import EngineSettings
from adapters.settings.oauth_client import OAuthClient
from engine.ports.clock import ManualClock

STORY = timedelta(days=11)
"""The story takes slightly less, so that it can end in the present."""
MORNING = time(8, 55)


def run_demo(
    folder: Path, console: Console, *, patient: bool = True, with_console: bool = False
) -> bool:
    """Play the story in ``folder``, in less than a minute.

    ``with_console``: serve it on any free port of this machine, until Ctrl-C. The store and the
    outbox stay there. Answers whether everything that is checked at the end holds. Raises
    ``StoreError`` for a folder with anything but an earlier demo, and for a store that a running
    ``serve`` uses.
    """
    claim(folder)
    day = (datetime.now(ZONE) - STORY).date()
    clock = ManualClock(datetime.combine(day, MORNING, ZONE).astimezone(UTC))
    with _quietly(), Sandbox((), now=lambda: clock().timestamp()) as sandbox:
        settings = _settings(folder, sandbox, with_console=with_console)
        with served(settings):
            clear(folder)
        with staged(settings, clock) as program, step_by_step(program) as worker:
            screen = Screen(console, clock, program.opened.views)
            stage = Stage(program, worker, sandbox, clock, screen, patient=patient)
            with _console(program, clock) as is_served:
                with screen.shown():
                    tell_story(stage)
                    stage.reach(datetime.now(UTC))
                holds = show_verdict(console, program)
                if is_served:
                    _wait(console)
            return holds


@contextmanager
def _console(program: Program, clock: ManualClock) -> Iterator[bool]:
    """Serve the console. Sessions follow the real time, not the story's."""
    if program.settings.http is None:
        yield False
        return
    with (
        watched_by(program.settings, clock) as reader,
        http_served(program, reader, lambda: datetime.now(UTC)),
    ):
        yield True


def _wait(console: Console) -> None:
    console.print("The console is served until you press Ctrl-C.")
    with suppress(KeyboardInterrupt):
        Event().wait()


def _settings(folder: Path, sandbox: Sandbox, *, with_console: bool) -> EngineSettings:
    """The settings; accounts send one at a time, so that the story is the same every time."""
    there = sandbox.served()
    oauth, ca_file = there["oauth"], Path(there["ca_file"])
    return EngineSettings.model_construct(
        store=str(folder / STORE),
        outbox=folder / OUTBOX,
        owner_address=OWNER,
        vault_key=SecretStr(f"demo:{token_urlsafe(32)}"),
        allowed_networks=[ip_network("127.0.0.0/8")],
        mail_ca_file=ca_file,
        google=OAuthClient(
            **{each: oauth[each] for each in OAuthClient.model_fields if each in oauth},
            imap=f"localhost:{there['imaps']}",
            smtp=f"localhost:{there['smtps']}",
            ca_file=ca_file,
        ),
        google_client_secret=SecretStr(oauth["client_secret"]),
        check_interval=timedelta(hours=6),
        mail_at_once=1,
        http="127.0.0.1:0" if with_console else None,
        workspace=WORKSPACE,
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the duties log out of the story."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)
