"""The law of a campaign: maps each command to the rule that decides it."""

from collections.abc import Sequence
from typing import assert_never

from aggregates.campaign import (
    bounces,
    clocks,
    migration,
    outcomes,
    recipients,
    running,
    senders,
    sending,
    sequences,
)
from aggregates.campaign.commands import (
    AddSender,
    AssignRecipient,
    CampaignCommand,
    ClearPauseCause,
    CommandToExisting,
    CreateCampaign,
    CureClock,
    CureLostClock,
    EndHold,
    ExpireClock,
    FinishRecipient,
    ImportRecipients,
    MigrateRecipients,
    PauseCampaign,
    PauseForConnection,
    RecordAccepted,
    RecordAutoReply,
    RecordComplaint,
    RecordLostSend,
    RecordRefused,
    RecordSentFolderSearch,
    RecordSignal,
    RecordUnknown,
    RemoveDisconnectedSender,
    RemoveSender,
    ReplaceSender,
    ReserveSend,
    ReserveStep,
    ResumeCampaign,
    SetSequence,
    StartCampaign,
    StartClock,
    SupersedeClock,
)
from aggregates.campaign.state import Campaign
from aggregates.rejections import UnknownCampaign
from events.alike import count, joined
from events.campaign import (
    CampaignEvent,
    CampaignFinished,
    CampaignStarted,
    RecipientAdded,
    RecipientEnded,
    RecipientStopped,
)
from events.vocabulary import CampaignStatus

ENDS = (RecipientEnded, RecipientStopped)
"""Events that make a recipient terminal."""


def decide(campaign: Campaign, command: CampaignCommand) -> Sequence[CampaignEvent]:
    """The events that follow from the command. Raises ``Rejected``."""
    if isinstance(command, CreateCampaign):
        return running.create(campaign, command)
    if campaign.status is None:
        raise UnknownCampaign(campaign=campaign.id)
    events = _decide(campaign, command)
    events = joined(events, bounces.pause(campaign, command, events))
    if _finishes(campaign, events):
        finished = CampaignFinished(campaign_id=campaign.id, occurred_at=events[-1].occurred_at)
        return joined(events, [finished])
    return events


def _decide(campaign: Campaign, command: CommandToExisting) -> Sequence[CampaignEvent]:  # noqa: C901, PLR0912 one case per command
    match command:
        case ReserveStep():
            return sending.reserve_step(campaign, command)
        case ReserveSend():
            return sending.reserve(campaign, command)
        case RecordAccepted() | RecordUnknown():
            return outcomes.receive(campaign, command)
        case RecordRefused():
            return outcomes.refuse(campaign, command)
        case RecordSentFolderSearch():
            return outcomes.search(campaign, command)
        case RecordLostSend():
            return outcomes.lost(campaign, command)
        case RecordSignal():
            return recipients.signal(campaign, command)
        case RecordAutoReply():
            return recipients.auto_reply(campaign, command)
        case RecordComplaint():
            return recipients.complain(campaign, command)
        case FinishRecipient():
            return recipients.finish(campaign, command)
        case SetSequence():
            return sequences.set_sequence(campaign, command)
        case EndHold():
            return recipients.end_hold(campaign, command)
        case ImportRecipients():
            return recipients.import_recipients(campaign, command)
        case MigrateRecipients():
            return migration.migrate(campaign, command)
        case AssignRecipient():
            return recipients.assign(campaign, command)
        case StartCampaign():
            return running.start(campaign, command)
        case PauseCampaign():
            return running.pause(campaign, command)
        case ResumeCampaign():
            return running.resume(campaign, command)
        case PauseForConnection():
            return running.pause_for_connection(campaign, command)
        case ClearPauseCause():
            return running.clear_pause_cause(campaign, command)
        case AddSender():
            return senders.add(campaign, command)
        case RemoveSender():
            return senders.remove(campaign, command)
        case RemoveDisconnectedSender():
            return senders.remove_disconnected(campaign, command)
        case ReplaceSender():
            return senders.replace(campaign, command)
        case StartClock():
            return clocks.start(campaign, command)
        case CureClock():
            return clocks.cure(campaign, command)
        case CureLostClock():
            return clocks.cure_lost(campaign, command)
        case SupersedeClock():
            return clocks.supersede(campaign, command)
        case ExpireClock():
            return clocks.expire(campaign, command)
        case _:
            assert_never(command)


def _finishes(campaign: Campaign, events: Sequence[CampaignEvent]) -> bool:
    """Whether the campaign finishes: with its last recipient, or at once if nobody is left."""
    match campaign.status:
        case CampaignStatus.RUNNING | CampaignStatus.PAUSED:
            added = count(events, RecipientAdded)
            return 0 < campaign.open + added == count(events, ENDS)
        case CampaignStatus.DRAFT:
            started = count(events, CampaignStarted) > 0
            return started and campaign.open == 0 and len(campaign.recipients) > 0
        case _:
            return False
