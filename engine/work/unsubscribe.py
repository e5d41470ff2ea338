"""A recipient asks to be written to no more: recorded whatever the state of account and campaign
(M5, M7)."""

from typing import NamedTuple

from aggregates.campaign.commands import RecordSignal
from engine.engine import Engine
from engine.reply import Refusal
from engine.work.ports import NewId
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

ACTOR = "recipient"


class Subscriber(NamedTuple):
    """Who got an email, by ids alone (F1)."""

    workspace: str
    campaign_id: CampaignId
    recipient_id: RecipientId


def unsubscribe(engine: Engine, who: Subscriber, new_id: NewId) -> Refusal | None:
    """M7: whoever is suppressed already stays so, and nothing more is recorded. A refusal for
    somebody the campaign never knew."""
    with engine.look(who.workspace) as now:
        if who.recipient_id in now.suppressions().people:
            return None
    command = RecordSignal(
        campaign_id=who.campaign_id,
        recipient_id=who.recipient_id,
        signal=RecipientStatus.UNSUBSCRIBED,
    )
    return engine.execute(who.workspace, command, command_id=new_id(), actor=ACTOR).refusal
