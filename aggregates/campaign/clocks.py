"""The two clocks and the stop (S1-S6).

Each clock has exactly one outcome: whatever ends a clock must find it running, and leaves it ended.
"""

from collections.abc import Sequence

from aggregates.campaign.commands import (
    CureClock,
    CureLostClock,
    ExpireClock,
    StartClock,
    SupersedeClock,
)
from aggregates.campaign.state import Campaign, Clock, Lane
from events.alike import Alike, joined
from events.campaign import (
    AssignmentReleased,
    CampaignEvent,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    RecipientStopped,
)
from events.vocabulary import AccountId, IncidentKind, StopReason


def start(campaign: Campaign, command: StartClock) -> Sequence[CampaignEvent]:
    """S1, T2, S6: a clock starts in rotation campaigns that depend on the account. At most one
    runs, and none starts for an incident whose clock has ended here already."""
    lane = campaign.lane(command.account_id)
    if not campaign.rotates or not lane.depended_on or lane.running:
        return []
    if lane.clock is not None and lane.clock.incident_id == command.incident_id:
        return []
    return [
        GracePeriodStarted(
            campaign_id=campaign.id,
            account_id=command.account_id,
            incident_id=command.incident_id,
            kind=command.kind,
            started_at=command.started_at,
            deadline_at=command.deadline_at,
            at_stake=len(lane.contacted),
            occurred_at=command.at,
        )
    ]


def cure(campaign: Campaign, command: CureClock) -> Sequence[CampaignEvent]:
    """C5, S2: the failure is over, and was over by the deadline."""
    clock = campaign.lane(command.account_id).running
    if clock is None or clock.kind is not IncidentKind.FAILURE or command.at > clock.deadline_at:
        return []
    return [
        GracePeriodCured(
            campaign_id=campaign.id,
            account_id=command.account_id,
            incident_id=clock.incident_id,
            kind=clock.kind,
            occurred_at=max(command.at, clock.began_at),
        )
    ]


def cure_lost(campaign: Campaign, command: CureLostClock) -> Sequence[CampaignEvent]:
    """M6: cures a clock of either kind, at its deadline at the latest, as it may have been."""
    clock = campaign.lane(command.account_id).running
    if clock is None or clock.incident_id != command.incident_id:
        return []
    return [
        GracePeriodCured(
            campaign_id=campaign.id,
            account_id=command.account_id,
            incident_id=clock.incident_id,
            kind=clock.kind,
            occurred_at=max(min(command.at, clock.deadline_at), clock.began_at),
        )
    ]


def supersede(campaign: Campaign, command: SupersedeClock) -> Sequence[CampaignEvent]:
    """T2: a disconnect ends the failure clock, even if no hour follows."""
    clock = campaign.lane(command.account_id).running
    if clock is None or clock.kind is not IncidentKind.FAILURE or command.at > clock.deadline_at:
        return []
    return [
        GracePeriodSuperseded(
            campaign_id=campaign.id,
            account_id=command.account_id,
            incident_id=clock.incident_id,
            kind=clock.kind,
            superseded_by=command.superseded_by,
            occurred_at=command.at,
        )
    ]


def expire(campaign: Campaign, command: ExpireClock) -> Sequence[CampaignEvent]:
    """S2, S3, S5, P4: never early, paused or not; stops who heard from it, releases the rest."""
    lane = campaign.lane(command.account_id)
    clock = lane.running
    if clock is None or clock.incident_id != command.incident_id:
        return []
    if command.at < clock.deadline_at:
        return []
    return _expired(campaign, command.account_id, lane, clock)


def _expired(
    campaign: Campaign, account_id: AccountId, lane: Lane, clock: Clock
) -> Sequence[CampaignEvent]:
    """F0, S4: the expiry and its stops, one per recipient, dated at the deadline."""
    at = max(clock.deadline_at, clock.began_at)
    contacted = sorted(lane.contacted)
    released = sorted(recipient for recipient in lane.soft if recipient not in lane.first_sends)
    expired = GracePeriodExpired(
        campaign_id=campaign.id,
        account_id=account_id,
        incident_id=clock.incident_id,
        kind=clock.kind,
        deadline_at=clock.deadline_at,
        stopped=len(contacted),
        released=len(released),
        in_flight=sum(
            not campaign.recipients[recipient].status.terminal for recipient in lane.first_sends
        ),
        skipped=dict(sorted(lane.ended.items())),
        occurred_at=at,
    )
    stop = RecipientStopped(
        campaign_id=campaign.id,
        recipient_id="",
        account_id=account_id,
        incident_id=clock.incident_id,
        reason=StopReason.of(clock.kind),
        occurred_at=at,
    )
    release = AssignmentReleased(
        campaign_id=campaign.id, recipient_id="", account_id=account_id, occurred_at=at
    )
    return joined(
        [expired],
        Alike(stop, "recipient_id", contacted),
        Alike(release, "recipient_id", released),
    )
