"""On a terminal a panel lives below the story; elsewhere there are only its lines."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from adapters.demo.cast import ANN, CAMPAIGN, WORKSPACE
from adapters.demo.screen import Screen
from adapters.stores.memory import MemoryStore, MemoryViews
from aggregates.campaign.commands import (
    CreateCampaign,
    RecordAccepted,
    ReserveSend,
    StartCampaign,
)
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount, RecordCheck
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from events.vocabulary import Asker, FailureClass, Mode
from projections.shipped import SHIPPED

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACCOUNT = ANN.account_id
UNTIL_TROUBLE: list[Command] = [
    ConnectAccount(
        account_id=ACCOUNT, slot_id="s1", provider="simulated", report=simulated_report(None)
    ),
    CreateCampaign(
        campaign_id=CAMPAIGN,
        mode=Mode.ROTATION,
        account_ids=(ACCOUNT,),
        recipient_ids=("r1", "r2"),
    ),
    StartCampaign(campaign_id=CAMPAIGN),
    ReserveSend(campaign_id=CAMPAIGN, recipient_id="r1", account_id=ACCOUNT, send_id="1"),
    RecordAccepted(campaign_id=CAMPAIGN, recipient_id="r1", send_id="1"),
    RecordCheck(
        account_id=ACCOUNT,
        asked_by=Asker.USER,
        report=simulated_report(FailureClass.AUTH_REVOKED),
    ),
]


def shown(*, terminal: bool) -> str:
    """What is seen an hour after the failure, and once the clock ran out."""
    clock = ManualClock(NOON)
    store, views = MemoryStore(clock), MemoryViews()
    engine = Engine(store)
    for number, command in enumerate(UNTIL_TROUBLE):
        engine.execute(WORKSPACE, command, command_id=str(number), actor="user:x")
    runner = ProjectionRunner(store, views, SHIPPED)
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100, height=40)
    screen = Screen(console, clock, views)
    with screen.shown():
        for passed in (timedelta(hours=1), timedelta(days=9)):
            clock.advance(passed)
            engine.tick_all()
            runner.catch_up()
            screen.look()
            if terminal:
                console.print(screen)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_panel_shows_clock_campaign_recipients_and_notices() -> None:
    seen = shown(terminal=True)
    for text in (
        "Monday 2026-03-02 13:00 UTC",
        "failure clock of ann@acme.example: 8 days, 23:00:00 left, 1 at stake",
        f"{CAMPAIGN}: paused because of connection:ann@acme.example",
        "held",
        "ann@acme.example fails, 1 recipient at stake",
        "failure clock of ann@acme.example: expired",
        "campaign_stopped",
    ):
        assert text in seen


def test_elsewhere_only_lines_are_told() -> None:
    assert shown(terminal=False) == (
        "2026-03-11 13:00  The clock of ann@acme.example ran out; stopped: 1\n"
    )
