"""A recipient asks to be written to no more: recorded whatever the state of account and campaign
(M5)."""

from typing import NamedTuple

from aggregates.campaign.commands import RecordSignal
from engine.batch import derived_id
from engine.engine import Engine
from engine.reply import Refusal
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

ACTOR = "recipient"


class Subscriber(NamedTuple):
    """Who got an email, by ids alone (F1)."""

    workspace: str
    campaign_id: CampaignId
    recipient_id: RecipientId


def unsubscribe(engine: Engine, who: Subscriber) -> Refusal | None:
    """Asked again, it changes nothing. A refusal for somebody the campaign never knew."""
    command = RecordSignal(
        campaign_id=who.campaign_id,
        recipient_id=who.recipient_id,
        signal=RecipientStatus.UNSUBSCRIBED,
    )
    command_id = derived_id("unsubscribe", *who)
    return engine.execute(who.workspace, command, command_id=command_id, actor=ACTOR).refusal
