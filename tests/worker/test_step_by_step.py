"""A worker whose clock stands works until nothing is left to do, and says when there will be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.composition.programs import Program, staged, step_by_step
from adapters.settings.model import EngineSettings
from adapters.worker.step_by_step import StepByStep
from aggregates.campaign.commands import CreateCampaign
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount
from engine.answers.workspace_answers import Answers
from engine.ports.clock import ManualClock
from engine.simulated import simulated_report
from events.vocabulary import ClockOutcome, Mode

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = "ann@acme.test"


class Standing:
    def __init__(self, program: Program, worker: StepByStep, clock: ManualClock) -> None:
        self.program, self.worker, self.clock = program, worker, clock

    def ask(self, command: ConnectAccount | CreateCampaign | DisconnectAccount) -> None:
        name = type(command).__name__
        self.program.engine.execute("main", command, command_id=name, actor="user:x")

    def outcome(self) -> ClockOutcome:
        self.worker.work()
        (clock,) = Answers(self.program.opened.views, "main").clocks()
        return clock.outcome


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    settings = EngineSettings(
        store=str(tmp_path / "own" / "x.db"), outbox=tmp_path / "out", witness=tmp_path / "witness"
    )
    (tmp_path / "own").mkdir()
    clock = ManualClock(NOON)
    with staged(settings, clock) as program, step_by_step(program) as worker:
        found = Standing(program, worker, clock)
        report = simulated_report(None)
        found.ask(ConnectAccount(account_id=ANN, slot_id="s1", provider="simulated", report=report))
        found.ask(CreateCampaign(campaign_id="spring", mode=Mode.ROTATION, account_ids=(ANN,)))
        found.ask(DisconnectAccount(account_id=ANN))
        yield found


@pytest.mark.rule("S2")
def test_work_ends_at_the_very_moment_of_a_deadline_which_is_in_time(standing: Standing) -> None:
    standing.clock.time = NOON + HOUR
    assert standing.outcome() is ClockOutcome.RUNNING
    standing.clock.advance(timedelta(microseconds=1))
    assert standing.outcome() is ClockOutcome.EXPIRED


def test_the_next_moment_is_the_soonest_of_all_duties(standing: Standing) -> None:
    standing.worker.work()
    reminder = standing.worker.due_at()
    assert reminder is not None
    assert NOON < reminder < NOON + HOUR
    standing.clock.time = reminder + timedelta(seconds=1)
    standing.worker.work()
    assert standing.worker.due_at() == NOON + HOUR
