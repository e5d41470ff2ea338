"""People who come from another program, with what they received there (S4, M1, M2, M5, M7).

What was sent there counts as received here: none of those steps is ever reserved, the sender stays,
and the next delay counts from then. Those who ended there are terminal here from the beginning.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from aggregates.campaign.commands import MigrateRecipients, Past
from aggregates.campaign.guards import listed
from aggregates.campaign.recipients import ENDINGS, take_in
from aggregates.campaign.state import Campaign
from aggregates.rejections import NotSetUp, SenderNotInCampaign, UnknownStep
from events.campaign import CampaignEvent, RecipientMigrated
from events.vocabulary import AccountId


def migrate(campaign: Campaign, command: MigrateRecipients) -> Sequence[CampaignEvent]:
    """As an import does (S4, M7): known ones are skipped, whatever is said about them."""
    pasts = {each.recipient_id: each for each in command.people}
    return take_in(
        campaign,
        tuple(pasts),
        command.suppressed,
        command.at,
        lambda recipient_id: _past(campaign, command, pasts[recipient_id]),
    )


def _past(campaign: Campaign, command: MigrateRecipients, past: Past) -> Iterator[CampaignEvent]:
    about: dict[str, Any] = {
        "campaign_id": campaign.id,
        "recipient_id": past.recipient_id,
        "occurred_at": command.at,
    }
    sender = None
    if past.step is not None:
        sender = _sender(campaign, command, past)
        yield RecipientMigrated(
            **about,
            account_id=sender,
            steps=_received(campaign, past.step),
            received_at=min(past.received_at or command.at, command.at),
        )
    if past.ended is not None:
        yield ENDINGS[past.ended](**about, account_id=sender if campaign.rotates else None)


def _sender(campaign: Campaign, command: MigrateRecipients, past: Past) -> AccountId:
    """M1: one of the campaign's accounts, connected or not; with a single sender, the slot's."""
    occupant, account = command.senders.occupant, past.account_id
    if account is None or (not campaign.rotates and account != occupant):
        raise SenderNotInCampaign(account=account or "nobody", campaign=campaign.id)
    if campaign.rotates:
        listed(campaign, account)
    return account


def _received(campaign: Campaign, step: str) -> tuple[str, ...]:
    """M2: this step and all steps before it."""
    if campaign.sequence is None:
        raise NotSetUp(campaign=campaign.id)
    names = tuple(each.name for each in campaign.sequence.steps)
    if step not in names:
        raise UnknownStep(step=step, campaign=campaign.id)
    return names[: names.index(step) + 1]
