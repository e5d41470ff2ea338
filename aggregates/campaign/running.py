"""P1-P3: creating, starting, pausing and resuming a campaign."""

from collections.abc import Sequence

from aggregates.campaign.commands import (
    ClearPauseCause,
    CreateCampaign,
    PauseCampaign,
    PauseForConnection,
    ResumeCampaign,
    StartCampaign,
)
from aggregates.campaign.recipients import added, all_suppressed, suppressed
from aggregates.campaign.state import USER_CAUSE, Campaign, connection_cause
from aggregates.command import Senders
from aggregates.rejections import (
    AlreadyRunning,
    CampaignNotRunning,
    NameTaken,
    NoSender,
    PauseCauseHolds,
    PausedByUser,
    SenderMissing,
    SenderNotConnected,
    UnknownAccount,
    UnknownSlot,
)
from events.alike import joined
from events.campaign import (
    CampaignCreated,
    CampaignEvent,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    PauseCauseCleared,
    SenderAdded,
)
from events.vocabulary import (
    AccountId,
    CampaignStatus,
    GivenUp,
    IncidentKind,
    Mode,
    OnAccountTrouble,
)


def create(campaign: Campaign, command: CreateCampaign) -> Sequence[CampaignEvent]:
    """S1, M7: FROM EMAIL takes only successful accounts; suppressed recipients are not added."""
    senders = command.senders
    if campaign.status is not None:
        raise NameTaken(campaign=campaign.id)
    if command.mode is Mode.SINGLE and not senders.slot_known:
        raise UnknownSlot(slot=command.slot_id)
    for account in command.account_ids:
        if account not in senders.statuses:
            raise UnknownAccount(account=account)
        if not senders.connected(account):
            raise SenderNotConnected(account=account)

    created: list[CampaignEvent] = [
        CampaignCreated(
            mode=command.mode,
            slot_id=command.slot_id,
            account_id=senders.occupant,
            mail_id=command.mail_id,
            campaign_id=campaign.id,
            occurred_at=command.at,
        ),
        *(
            SenderAdded(account_id=account, campaign_id=campaign.id, occurred_at=command.at)
            for account in dict.fromkeys(command.account_ids)
        ),
    ]
    named = dict.fromkeys(command.recipient_ids)
    taken = [each for each in named if each not in command.suppressed]
    events = joined(created, added(taken, campaign.id, command.at))
    refused = suppressed(campaign, command.recipient_ids, command.suppressed, command.at)
    if refused:
        raise all_suppressed(refused, facts=[*events, *refused])
    return events


def start(campaign: Campaign, command: StartCampaign) -> Sequence[CampaignEvent]:
    """P3: only drafts are started, whether an hour runs or not."""
    if campaign.status is CampaignStatus.FINISHED:
        raise CampaignNotRunning(campaign=campaign.id, status=campaign.status)
    if campaign.status is not CampaignStatus.DRAFT:
        raise AlreadyRunning(campaign=campaign.id, status=campaign.status)
    _require_senders(campaign, command.senders, command.policy.on_account_trouble)

    return [
        CampaignStarted(
            campaign_id=campaign.id,
            on_account_trouble=command.policy.on_account_trouble,
            occurred_at=command.at,
        )
    ]


def pause(campaign: Campaign, command: PauseCampaign) -> Sequence[CampaignEvent]:
    """P2: the user's own cause, which only a resume removes."""
    if campaign.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
        raise CampaignNotRunning(campaign=campaign.id, status=campaign.status)
    if USER_CAUSE in campaign.causes:
        return []

    return [CampaignPaused(campaign_id=campaign.id, cause=USER_CAUSE, occurred_at=command.at)]


def resume(campaign: Campaign, command: ResumeCampaign) -> Sequence[CampaignEvent]:
    """P2, P3: the user's act; removes all causes once none of them holds."""
    if campaign.status is CampaignStatus.RUNNING:
        raise AlreadyRunning(campaign=campaign.id, status=campaign.status)
    if campaign.status is not CampaignStatus.PAUSED:
        raise CampaignNotRunning(campaign=campaign.id, status=campaign.status)
    if command.unless_paused_by_user and USER_CAUSE in campaign.causes:
        raise PausedByUser(campaign=campaign.id)
    given_up = _given_up(campaign, command)
    _require_senders(campaign, command.senders, command.policy.on_account_trouble)

    return [
        CampaignResumed(
            campaign_id=campaign.id,
            on_account_trouble=command.policy.on_account_trouble,
            given_up=given_up,
            occurred_at=command.at,
        )
    ]


def pause_for_connection(
    campaign: Campaign, command: PauseForConnection
) -> Sequence[CampaignEvent]:
    """P1: drafts get no cause; neither do rotation campaigns under *hold the sender*."""
    cause = connection_cause(command.account_id)
    lists = not campaign.rotates or campaign.lane(command.account_id).listed
    holds = campaign.rotates and command.on_account_trouble is OnAccountTrouble.HOLD_SENDER
    under_way = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    if not lists or holds or not under_way or cause in campaign.causes:
        return []

    return [CampaignPaused(campaign_id=campaign.id, cause=cause, occurred_at=command.at)]


def clear_pause_cause(campaign: Campaign, command: ClearPauseCause) -> Sequence[CampaignEvent]:
    """P2: removes the account's own cause, and never resumes the campaign."""
    return cleared(campaign, [connection_cause(command.account_id)], command)


def cleared(
    campaign: Campaign, causes: Sequence[str], command: ClearPauseCause
) -> Sequence[CampaignEvent]:
    return [
        PauseCauseCleared(campaign_id=campaign.id, cause=cause, occurred_at=command.at)
        for cause in causes
        if cause in campaign.causes
    ]


def _given_up(campaign: Campaign, command: ResumeCampaign) -> tuple[GivenUp, ...]:
    """P3: the user must name who is missing while an hour runs, having seen what is at stake."""
    given_up = []
    for account, lane in sorted(campaign.lanes.items()):
        if not lane.runs(IncidentKind.DISCONNECT):
            continue
        assert lane.clock is not None
        if account not in command.without:
            raise SenderMissing(
                campaign=campaign.id,
                account=account,
                contacted=len(lane.contacted),
                deadline=lane.clock.deadline_at,
            )
        given_up.append(
            GivenUp(
                account_id=account,
                at_stake=len(lane.contacted),
                deadline_at=lane.clock.deadline_at,
            )
        )
    return tuple(given_up)


def _require_senders(campaign: Campaign, senders: Senders, policy: OnAccountTrouble) -> None:
    """P1, P3: one account must be able to send; all must, unless the policy holds the sender."""
    connected = _connected(campaign, senders)
    if not connected:
        raise NoSender(campaign=campaign.id)
    holds = campaign.rotates and policy is OnAccountTrouble.HOLD_SENDER
    if holds and any(connected.values()):
        return
    for account, is_connected in sorted(connected.items()):
        if is_connected:
            continue
        if connection_cause(account) in campaign.causes:
            raise PauseCauseHolds(campaign=campaign.id, account=account)
        raise SenderNotConnected(account=account)


def _connected(campaign: Campaign, senders: Senders) -> dict[AccountId, bool]:
    """Each account of FROM EMAIL or the slot, and whether it is connected."""
    if campaign.rotates:
        return {account: senders.connected(account) for account in campaign.from_email}
    if senders.occupant is None:
        return {}
    return {senders.occupant: senders.connected(senders.occupant)}
