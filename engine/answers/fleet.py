"""Plans for a whole fleet: what would be done, and what is left out and why (R1, P2, P3, T4, T5).

The rules themselves decide, without recording anything, whether a step is allowed: a plan and its
result differ only if something happens in between.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from aggregates.campaign import Campaign, Clock, Lane, decide
from aggregates.campaign.commands import AddSender, CampaignCommand, ResumeCampaign
from aggregates.campaign.state import BOUNCES_CAUSE
from aggregates.rejections import Rejected
from engine.answers.workspace_answers import BOUNCED
from engine.command_context import CommandContext, Neighbours
from engine.engine import Engine
from events.vocabulary import (
    AccountId,
    CampaignId,
    ClockOutcome,
    ConnectionStatus,
    IncidentKind,
    RecipientStatus,
)


class Reconnect(NamedTuple):
    """An account that One-Click Reconnect may repair."""

    account_id: AccountId
    waiting: tuple[CampaignId, ...]
    """Campaigns that it keeps paused; they still have to be resumed afterwards (P2)."""
    at_stake: int
    deadline_at: datetime | None
    """The deadline of the account's clock that runs out first; None if no clock runs."""
    expired: tuple[CampaignId, ...]
    """Campaigns in which its clock has run out: no reconnection undoes that."""


class Resume(NamedTuple):
    campaign_id: CampaignId
    go_on: int
    """Recipients to whom something may be sent."""
    held: int
    """Contacted recipients whose sender is not in FROM EMAIL, or not successful."""
    at_stake: int
    deadline_at: datetime | None
    """The deadline of the campaign's clock that runs out first, which resuming does not stop
    (P4)."""


class Readd(NamedTuple):
    """A rotation campaign that lost the account from FROM EMAIL to one of its clocks."""

    campaign_id: CampaignId
    kept: int
    """Recipients who keep it as their sender if it is re-added in time (T4)."""
    deadline_at: datetime
    expired: bool
    """It is too late (T5): the account may take only recipients who have received nothing."""
    free: int
    """The number of recipients who have received nothing, if it is too late."""


class LeftOut(NamedTuple):
    """What a plan leaves out. ``code`` is stable and for programs, the text is for people."""

    name: str
    code: str
    text: str


Step = TypeVar("Step", Reconnect, Resume, Readd)


class Plan(NamedTuple, Generic[Step]):
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...]


def of_reconnecting(
    engine: Engine, workspace: str, accounts: Iterable[AccountId]
) -> Plan[Reconnect]:
    """A plan to reconnect the failed accounts among these. A running hour is reported as well: no
    reconnection cures it, only re-adding the account does (T4)."""
    steps, left_out = [], []
    with engine.look(workspace) as now:
        for name in accounts:
            status = now.account(name).status
            if status is ConnectionStatus.FAILED:
                steps.append(_reconnect(now, name))
            if any(not each.expired for each in _lost(now, name)):
                left_out.append(_not_readded(name, status))
    return Plan(tuple(steps), tuple(left_out))


def of_resuming(engine: Engine, workspace: str, campaigns: Iterable[CampaignId]) -> Plan[Resume]:
    """A plan to resume those of these paused campaigns that only wait for that (P2, P3). One that
    bounced too much is left out: a person must look at it first (M8)."""
    steps, left_out = [], []
    with engine.look(workspace) as now:
        for name in campaigns:
            refused = _refused(now, engine, resuming(name))
            if BOUNCES_CAUSE in now.campaign(name).causes:
                left_out.append(LeftOut(name, "too_many_bounces", BOUNCED))
            elif refused is None:
                steps.append(resumed(now.campaign(name)))
            else:
                left_out.append(LeftOut(name, refused.code, str(refused)))
    return Plan(tuple(steps), tuple(left_out))


def of_readding(
    engine: Engine, workspace: str, account_id: AccountId, *, expired: bool
) -> Plan[Readd]:
    """A plan to re-add the account to every campaign that lost it; with ``expired``, also to those
    for which it is too late."""
    steps, left_out = [], []
    with engine.look(workspace) as now:
        for each in _lost(now, account_id):
            refused = _refused(now, engine, readding(each.campaign_id, account_id))
            if refused is not None:
                left_out.append(LeftOut(each.campaign_id, refused.code, str(refused)))
            elif each.expired and not expired:
                left_out.append(LeftOut(each.campaign_id, "expired", _too_late(account_id)))
            else:
                steps.append(each)
    return Plan(tuple(steps), tuple(left_out))


def lost(engine: Engine, workspace: str, account_id: AccountId) -> tuple[Readd, ...]:
    """The campaigns to which the account has to be re-added, and until when, whether or not it is
    connected (T2-T5)."""
    with engine.look(workspace) as now:
        return tuple(_lost(now, account_id))


def resuming(campaign_id: CampaignId) -> ResumeCampaign:
    """The command to resume; it never overrides a user's pause, even one that came after the plan
    (P2)."""
    return ResumeCampaign(campaign_id=campaign_id, unless_paused_by_user=True)


def readding(campaign_id: CampaignId, account_id: AccountId) -> AddSender:
    return AddSender(campaign_id=campaign_id, account_id=account_id)


def _refused(now: Neighbours, engine: Engine, command: CampaignCommand) -> Rejected | None:
    try:
        decide(
            now.campaign(command.campaign_id),
            command.in_context(CommandContext(now, engine.policy)),
        )
    except Rejected as refused:
        return refused
    return None


def _reconnect(now: Neighbours, account_id: AccountId) -> Reconnect:
    account = now.account(account_id)
    campaigns = now.campaigns_of(account_id)
    running = [
        lane for each in campaigns if (lane := each.lane(account_id)).runs(IncidentKind.FAILURE)
    ]
    on_slot = now.campaigns_on(account.slot_id) if account.slot_id else ()
    paused = {each.id for each in (*campaigns, *on_slot) if _keeps(account_id, each)}
    return Reconnect(
        account_id,
        tuple(sorted(paused)),
        *_stakes(running),
        tuple(each.id for each in campaigns if _ran_out(each.lane(account_id), account.failure)),
    )


def _keeps(account_id: AccountId, campaign: Campaign) -> bool:
    return f"connection:{account_id}" in campaign.causes


def _ran_out(lane: Lane, incident_id: str | None) -> bool:
    clock = lane.clock
    return (
        clock is not None
        and clock.outcome is ClockOutcome.EXPIRED
        and clock.incident_id == incident_id
    )


def resumed(campaign: Campaign) -> Resume:
    """The number of recipients who continue once the campaign is resumed, and of those who do
    not."""
    lanes = campaign.lanes.values()
    held = sum(len(lane.contacted) for lane in lanes if not lane.connected)
    running = [lane for lane in lanes if lane.running]
    return Resume(campaign.id, campaign.open - held, held, *_stakes(running))


def _stakes(running: Iterable[Lane]) -> tuple[int, datetime | None]:
    """The number of recipients at stake in lanes with a running clock, and the earliest
    deadline."""
    clocks = [(len(lane.contacted), lane.clock.deadline_at) for lane in running if lane.clock]
    return sum(count for count, _ in clocks), min((at for _, at in clocks), default=None)


def _lost(now: Neighbours, account_id: AccountId) -> Iterator[Readd]:
    for campaign in now.campaigns_of(account_id):
        lane = campaign.lane(account_id)
        if lane.clock is not None and not lane.listed and _took_it(lane.clock):
            expired = lane.running is None
            free = _uncontacted(campaign) if expired else 0
            deadline = lane.clock.deadline_at
            yield Readd(campaign.id, len(lane.contacted), deadline, expired, free)


def _took_it(clock: Clock) -> bool:
    """Whether the clock took the account out of FROM EMAIL: a disconnect does so when its clock
    starts, either kind when it runs out."""
    hour = clock.kind is IncidentKind.DISCONNECT and clock.outcome is ClockOutcome.RUNNING
    return hour or clock.outcome is ClockOutcome.EXPIRED


def _uncontacted(campaign: Campaign) -> int:
    statuses = (each.status for each in campaign.recipients.values())
    return sum(status is RecipientStatus.PENDING for status in statuses)


def _not_readded(name: AccountId, status: ConnectionStatus | None) -> LeftOut:
    if status is ConnectionStatus.DISCONNECTED:
        text = f"{name} is disconnected and its hour runs: connect it, then re-add it."
        return LeftOut(name, "disconnected", text)
    return LeftOut(name, "not_readded", f"The hour of {name} runs: once it works, re-add it.")


def _too_late(account_id: AccountId) -> str:
    return (
        f"The time to re-add {account_id} ran out. It may still be added, and then takes only "
        "recipients who have received nothing."
    )
