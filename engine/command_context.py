"""What a command may take from other aggregates and from the policy, read under the lock.

Rules are pure: they see their own aggregate and what is on the command, and each command says
itself what that is (``Command.in_context``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from aggregates.campaign import Campaign
from aggregates.campaign.guards import unknown_send
from aggregates.command import ClockReading, Policy, Senders
from aggregates.slot import Slot
from aggregates.suppressions import Suppressions
from events.vocabulary import AccountId, CampaignId, IncidentId, RecipientId, SlotId
from processors.workspace import Workspace, clocks_of

NOBODY: frozenset[RecipientId] = frozenset()


class Neighbours(Workspace, Protocol):
    def slot(self, slot_id: SlotId) -> Slot: ...

    def suppressions(self) -> Suppressions: ...


class Look(Neighbours, Protocol):
    """The workspace at one moment, for reading only."""

    @property
    def now(self) -> datetime:
        """The store's clock, UTC."""
        ...

    @property
    def after(self) -> int:
        """No event of the workspace is after this position."""
        ...


def contacted_elsewhere(
    workspace: Workspace, campaign: Campaign, recipient_id: RecipientId
) -> bool:
    """M7: whether the campaign is exclusive, and another one under way has contacted the
    recipient."""
    if campaign.sequence is None or not campaign.sequence.exclusive:
        return False
    others = (each for each in workspace.campaigns() if each.id != campaign.id)
    return any(each.contacts(recipient_id) for each in others)


class CommandContext(NamedTuple):
    """Implements ``aggregates.command.Context`` over the workspace's present state."""

    neighbours: Neighbours
    policy: Policy

    def senders(self, slot_id: SlotId | None, account_ids: Iterable[AccountId]) -> Senders:
        slot = self.neighbours.slot(slot_id) if slot_id is not None else None
        occupant = slot.occupant if slot else None
        names = {*account_ids, *([occupant] if occupant else [])}
        accounts = [self.neighbours.account(each) for each in names]
        return Senders(
            statuses={account.id: account.status for account in accounts if account.status},
            occupant=occupant,
            slot_known=slot is None or slot.known,
            connected_at={each.id: each.connected_at for each in accounts if each.connected_at},
        )

    def slot_of(self, campaign_id: CampaignId) -> SlotId | None:
        return self.neighbours.campaign(campaign_id).slot_id

    def from_email(self, campaign_id: CampaignId) -> Sequence[AccountId]:
        return self.neighbours.campaign(campaign_id).from_email

    def suppressed(self, recipient_ids: Iterable[RecipientId]) -> frozenset[RecipientId]:
        people = self.neighbours.suppressions().people
        return frozenset(each for each in recipient_ids if each in people) if people else NOBODY

    def contacted_elsewhere(self, campaign_id: CampaignId, recipient_id: RecipientId) -> bool:
        campaign = self.neighbours.campaign(campaign_id)
        return contacted_elsewhere(self.neighbours, campaign, recipient_id)

    def search_proves(
        self, campaign_id: CampaignId, recipient_id: RecipientId, send_id: str
    ) -> bool:
        recipient = self.neighbours.campaign(campaign_id).recipients.get(recipient_id)
        sending = unknown_send(recipient, send_id) if recipient else None
        return sending is not None and self.neighbours.account(sending.account_id).search_proved

    def clocks(self, account_id: AccountId, incident_id: IncidentId) -> tuple[ClockReading, ...]:
        return tuple(
            ClockReading(
                campaign_id=campaign.id,
                outcome=clock.outcome,
                ended_at=clock.ended_at,
                at_stake=len(campaign.lane(account_id).contacted),
                stopped=clock.stopped,
            )
            for campaign, clock in clocks_of(self.neighbours, account_id, incident_id)
        )
