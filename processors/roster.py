"""The campaigns that events of an account or a slot concern, as data that the engine indexes.

A campaign enters the roster of an account when it lists it or is paused for it, and never leaves:
only the campaign knows whether it still depends on the account.
"""

from collections.abc import Iterator

from events.campaign import CampaignCreated, CampaignPaused, SenderAdded, SendReserved
from events.vocabulary import CampaignId

Entry = tuple[str, CampaignId]


def of_account(account_id: str) -> str:
    return f"account:{account_id}"


def of_slot(slot_id: str) -> str:
    return f"slot:{slot_id}"


OF_WORKSPACE = "campaigns"
"""All campaigns of the workspace."""
SENT = "sent"
"""M6: campaigns in which a planned message was reserved."""


def entries(
    event: CampaignCreated | SenderAdded | CampaignPaused | SendReserved,
) -> Iterator[Entry]:
    match event:
        case CampaignCreated(campaign_id=campaign, slot_id=slot):
            yield OF_WORKSPACE, campaign
            if slot is not None:
                yield of_slot(slot), campaign
        case SendReserved(campaign_id=campaign, step=step):
            if step is not None:
                yield SENT, campaign
        case SenderAdded(campaign_id=campaign, account_id=account):
            yield of_account(account), campaign
        case CampaignPaused(campaign_id=campaign, cause=cause):
            kind, _, account = cause.partition(":")
            if kind == "connection":
                yield of_account(account), campaign
