"""What a command must know of other aggregates and of the policy, read under the lock.

Rules are pure: they see their own aggregate and what stands on the command. This puts it there.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from aggregates.campaign import Campaign
from aggregates.campaign.commands import (
    AddSender,
    CreateCampaign,
    ReserveSend,
    ResumeCampaign,
    StartCampaign,
    WithSenders,
)
from aggregates.command import Command, Policy, Senders
from aggregates.email_account.commands import (
    ClockReading,
    DisconnectAccount,
    IssueNotice,
    RecordCheck,
    RequestCheck,
)
from aggregates.slot import Slot
from events.vocabulary import AccountId, SlotId
from processors.workspace import Workspace, clocks_of


class Neighbours(Workspace, Protocol):
    def slot(self, slot_id: SlotId) -> Slot: ...


def brief(neighbours: Neighbours, command: Command, policy: Policy) -> Command:
    match command:
        case StartCampaign() | ResumeCampaign():
            return replace(command, senders=_senders(neighbours, command), policy=policy)
        case WithSenders():
            return replace(command, senders=_senders(neighbours, command))
        case IssueNotice():
            return replace(command, clocks=_clocks(neighbours, command))
        case RequestCheck() | RecordCheck() | DisconnectAccount():
            return replace(command, policy=policy)
        case _:
            return command


def _senders(neighbours: Neighbours, command: WithSenders) -> Senders:
    match command:
        case CreateCampaign(slot_id=slot_id, account_ids=account_ids):
            return _seen(neighbours, slot_id, account_ids)
        case AddSender(account_id=account_id) | ReserveSend(account_id=account_id):
            campaign = neighbours.campaign(command.campaign_id)
            return _seen(neighbours, campaign.slot_id, [account_id])
        case _:
            return _seen(neighbours, neighbours.campaign(command.campaign_id).slot_id, [])


def _seen(
    neighbours: Neighbours, slot_id: SlotId | None, account_ids: Iterable[AccountId]
) -> Senders:
    slot = neighbours.slot(slot_id) if slot_id is not None else None
    occupant = slot.occupant if slot else None
    accounts = [
        neighbours.account(each) for each in {*account_ids, *([occupant] if occupant else [])}
    ]
    return Senders(
        statuses={account.id: account.status for account in accounts if account.status},
        occupant=occupant,
        slot_known=slot is None or slot.known,
    )


def _clocks(neighbours: Neighbours, command: IssueNotice) -> tuple[ClockReading, ...]:
    return tuple(
        ClockReading(
            campaign_id=campaign.id,
            outcome=clock.outcome,
            ended_at=clock.ended_at,
            at_stake=_at_stake(campaign, command.account_id),
            stopped=clock.stopped,
        )
        for campaign, clock in clocks_of(neighbours, command.account_id, command.incident_id)
    )


def _at_stake(campaign: Campaign, account_id: AccountId) -> int:
    return len(campaign.lane(account_id).contacted)
