"""A recipient unsubscribes: recorded whatever the state of account and campaign (M5, M7)."""

from typing import NamedTuple

from aggregates.campaign.commands import RecordSignal
from engine.engine import Engine
from engine.reply import Refusal
from engine.work.ports import NewId
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

ACTOR = "recipient"


class Subscriber(NamedTuple):
    """The recipient of an email, by ids alone (F1)."""

    workspace: str
    campaign_id: CampaignId
    recipient_id: RecipientId


def unsubscribe(engine: Engine, who: Subscriber, new_id: NewId) -> Refusal | None:
    """Unsubscribe the recipient. M7: for a person who is suppressed already, nothing more is
    recorded. Returns a refusal if the campaign never had the recipient."""
    with engine.look(who.workspace) as now:
        if who.recipient_id in now.suppressions().people:
            return None
    command = RecordSignal(
        campaign_id=who.campaign_id,
        recipient_id=who.recipient_id,
        signal=RecipientStatus.UNSUBSCRIBED,
    )
    return engine.execute(who.workspace, command, command_id=new_id(), actor=ACTOR).refusal
