"""Runs the demo: builds the stage in a folder and plays the acts on it."""

from collections import deque
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from adapters.demo import aftermath, hour, nine_days, opening
from adapters.demo.cast import OWNER, SEED, SENDERS, WORKSPACE
from adapters.demo.folder import OUTBOX, STORE, claim, clear
from adapters.demo.mail_server import SimulatedMailServer
from adapters.demo.rounds import send_rounds
from adapters.demo.screen import Screen
from adapters.demo.stage import Stage
from adapters.demo.verdict import show_verdict
from adapters.demo.warped_clock import WarpedClock
from adapters.demo.worker import Worker
from adapters.mail.outbox import MaildirOutbox
from adapters.stores.clocks import system_clock
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.directory import SQLiteDirectory
from adapters.stores.sqlite.serve_lock import serve_lock
from engine.engine import Engine
from engine.ports.clock import Clock
from engine.projecting import ProjectionRunner
from engine.work.deliver_notices import Courier
from events.vocabulary import RecipientId
from projections.shipped import SHIPPED

RECIPIENTS = Path(__file__).parents[2] / "examples" / "recipients.csv"
STORY = timedelta(days=9, hours=12)
"""The story takes a little less, so that it can end in the present."""
MORNING, AFTERNOON = 40, 50
"""Rounds of sending."""
PAUSE = 0.05
"""Seconds between two turns of the worker."""


def run_demo(
    folder: Path, console: Console, *, speed: float = 1.0, present: Clock = system_clock
) -> bool:
    """Play the story in ``folder``, in about half a minute at ``speed`` 1.

    Leaves the store and the outbox there. Answers whether all that is checked at the end holds.
    Raises ``StoreError`` for a folder that holds anything
    but an earlier demo, and for a store that a running ``serve`` uses.
    """
    claim(folder)
    with serve_lock(folder / STORE):
        clear(folder)
        clock = WarpedClock(present() - STORY)
        with closing(SQLiteStore(folder / STORE, clock)) as store:
            stage, screen = _built(store, clock, folder, console, speed=speed)
            with screen.shown(), stage.worker.working():
                _tell_story(stage, present)
            return show_verdict(console, store, folder)


def _built(
    store: SQLiteStore, clock: WarpedClock, folder: Path, console: Console, *, speed: float
) -> tuple[Stage, Screen]:
    views = SQLiteViews(store)
    engine = Engine(store)
    runner = ProjectionRunner(store, views, SHIPPED)
    runner.catch_up()
    outbox = MaildirOutbox(folder / OUTBOX, OWNER)
    screen = Screen(console, clock, views)
    worker = Worker(
        engine,
        runner,
        Courier(engine, views, outbox),
        workspace=WORKSPACE,
        pause=PAUSE / speed,
        seen=screen.look,
    )
    stage = Stage(
        engine,
        views,
        clock,
        directory=SQLiteDirectory(store),
        server=SimulatedMailServer(clock, SEED),
        worker=worker,
        tell=screen.tell,
        speed=speed,
    )
    return stage, screen


def _tell_story(stage: Stage, present: Clock) -> None:
    recipient_ids = opening.open_campaign(stage, RECIPIENTS)
    planned = recipient_ids[: opening.PLANNED]
    queues = {
        sender: deque(_first_emails(planned[number :: len(SENDERS)]))
        for number, sender in enumerate(SENDERS)
    }
    send_rounds(stage, queues, MORNING, seconds=1.5)
    hour.lose_an_hour(stage)
    send_rounds(stage, queues, AFTERNOON, seconds=2)
    nine_days.fail(stage, queues)
    nine_days.try_in_vain(stage)
    nine_days.wait_nine_days(stage)
    aftermath.go_on(stage, recipient_ids)
    stage.reach(max(present(), stage.clock()), seconds=0.5)
    stage.settle()


def _first_emails(recipient_ids: list[RecipientId]) -> list[tuple[RecipientId, int]]:
    return [(each, 1) for each in recipient_ids]
