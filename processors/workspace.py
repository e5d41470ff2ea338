"""What a process manager can look at: one workspace, as it is under the lock."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from aggregates.campaign import Campaign, Clock
from aggregates.email_account import EmailAccount
from events.vocabulary import AccountId, CampaignId, IncidentId, SlotId


class Workspace(Protocol):
    def account(self, account_id: AccountId) -> EmailAccount: ...

    def campaign(self, campaign_id: CampaignId) -> Campaign: ...

    def campaigns(self) -> Sequence[Campaign]:
        """All campaigns of the workspace, in order of id."""
        ...

    def campaigns_of(self, account_id: AccountId) -> Sequence[Campaign]:
        """Campaigns whose FROM EMAIL or pause causes ever included the account, in order of id."""
        ...

    def campaigns_on(self, slot_id: SlotId) -> Sequence[Campaign]:
        """Single-sender campaigns of the slot, in order of id."""
        ...


def clocks_of(
    workspace: Workspace, account_id: AccountId, incident_id: IncidentId
) -> Iterator[tuple[Campaign, Clock]]:
    """Every campaign's clock of the incident, running or ended."""
    for campaign in workspace.campaigns_of(account_id):
        clock = campaign.lane(account_id).clock
        if clock is not None and clock.incident_id == incident_id:
            yield campaign, clock
