"""Act three: a login is refused, nobody repairs it, and nine days pass (C2, S1-S3, N1)."""

from collections.abc import Callable
from datetime import timedelta

from adapters.demo.cast import ANN, BEN, CAMPAIGN
from adapters.demo.mail_server import LoginRefusedError
from adapters.demo.rounds import Queues, send_rounds
from adapters.demo.stage import Stage
from aggregates.campaign.commands import ResumeCampaign
from aggregates.email_account.commands import OneClickReconnect, RecordCheck
from events.vocabulary import Asker, ClockOutcome, FailureClass

DAY = timedelta(days=1)
DAYS = 9
A_MOMENT = timedelta(seconds=1)
"""At the deadline itself everything is in time; after it, it is late (S2)."""


def fail(stage: Stage, queues: Queues) -> None:
    """From some moment Ann's login is refused; the next send finds out, then a check."""
    stage.server.refuse_login(ANN.account_id, FailureClass.AUTH_REVOKED)
    try:
        send_rounds(stage, queues, rounds=1, seconds=0.1)
    except LoginRefusedError:
        stage.tell(f"The mail server refuses {ANN.account_id} in the middle of sending", "red")
    stage.ask(
        RecordCheck(
            account_id=ANN.account_id,
            asked_by=Asker.BACKGROUND,
            report=stage.server.check(ANN.account_id, ANN.password),
        ),
        "check",
    )
    row = stage.settle().accounts[ANN.account_id]
    stage.tell(f"A background check fails: {row.reason} Nine days run", "red")
    stage.breathe()


def try_in_vain(stage: Stage) -> None:
    stage.ask_aloud("Dana resumes", ResumeCampaign(campaign_id=CAMPAIGN))
    stage.breathe()
    stage.ask_aloud(
        f"Dana tries One-Click Reconnect of {ANN.account_id}",
        OneClickReconnect(
            account_id=ANN.account_id,
            report=stage.server.check(ANN.account_id, ANN.password),
            credentials=ANN.credentials,
        ),
    )
    stage.breathe()


def wait_nine_days(stage: Stage, each_day: Callable[[], None] = lambda: None) -> None:
    """Ben's inbox is read every day; Ann's cannot be."""
    failed_at = stage.answers().accounts[ANN.account_id].since
    assert failed_at is not None
    for day in range(1, DAYS + 1):
        stage.reach(failed_at + day * DAY, seconds=0.9)
        stage.postman.read_inbox(BEN)
        each_day()
        _tell_day(stage, day)
    stage.let_pass(A_MOMENT, seconds=0.1)
    stage.settle()
    stage.breathe()


def _tell_day(stage: Stage, day: int) -> None:
    running = [c for c in stage.settle().clocks() if c.outcome is ClockOutcome.RUNNING]
    for clock in running:
        stage.tell(
            f"Day {day}: {clock.at_stake} recipients of {clock.account_id} are at stake", "yellow"
        )
