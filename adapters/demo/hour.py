"""Act two: an account is disconnected, and brought back within the hour (T2, T4, P3)."""

from datetime import timedelta

from adapters.demo.cast import BEN, CAMPAIGN
from adapters.demo.opening import connect
from adapters.demo.stage import Stage
from aggregates.campaign.commands import AddSender, ResumeCampaign
from aggregates.email_account.commands import DisconnectAccount

REMINDED = timedelta(minutes=45)
BACK = timedelta(minutes=7)


def lose_an_hour(stage: Stage) -> None:
    stage.ask_aloud(
        f"Dana disconnects {BEN.account_id}: one hour runs",
        DisconnectAccount(account_id=BEN.account_id),
    )
    stage.settle()
    stage.breathe()
    stage.ask_aloud("Dana resumes", ResumeCampaign(campaign_id=CAMPAIGN))
    stage.breathe()
    stage.let_pass(REMINDED, seconds=3)
    stage.settle()
    stage.let_pass(BACK, seconds=0.5)
    connect(stage, BEN)
    stage.ask_aloud(
        f"Dana adds {BEN.account_id} to FROM EMAIL again, in time",
        AddSender(campaign_id=CAMPAIGN, account_id=BEN.account_id),
    )
    stage.settle()
    stage.ask_aloud("Dana resumes", ResumeCampaign(campaign_id=CAMPAIGN))
    stage.breathe()
