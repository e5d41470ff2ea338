"""The accounts through which a campaign may send, and what else limits it (M1)."""

from collections.abc import Sequence

from aggregates.campaign import Campaign, Recipient
from aggregates.campaign import pace as campaign_pace
from aggregates.email_account import EmailAccount
from aggregates.email_account import pace as account_pace
from aggregates.waiting import Constraint
from engine.command_context import Neighbours
from events.sequence import Step
from events.vocabulary import AccountId, ConnectionStatus


def senders_of(workspace: Neighbours, campaign: Campaign) -> Sequence[AccountId]:
    """Working accounts through which the campaign may send, in order of address."""
    if campaign.rotates:
        return sorted(each for each in campaign.from_email if campaign.lane(each).connected)
    occupant = workspace.slot(campaign.slot_id).occupant if campaign.slot_id else None
    return [occupant] if occupant and works(workspace.account(occupant)) else []


def may_send(workspace: Neighbours, campaign: Campaign, account_id: AccountId) -> bool:
    if campaign.rotates:
        return campaign.lane(account_id).connected
    return account_id in senders_of(workspace, campaign)


def works(account: EmailAccount) -> bool:
    return account.status is ConnectionStatus.SUCCESSFUL


def constraints(
    account: EmailAccount, campaign: Campaign, recipient: Recipient, step: Step
) -> Sequence[Constraint]:
    """The limits of the account and of the campaign, combined (M3, M5, M8)."""
    return (
        *account_pace.constraints(account),
        *campaign_pace.constraints(campaign, recipient, step),
    )
