"""A history told again: from its facts back to the commands that brought them about.

The log names commands without their arguments, so each is derived from the facts it recorded.
What the engine decided by itself, reactions and clocks, is not told: the engine decides it anew.
A command that left no fact, a refusal mostly, is not known and not told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from aggregates.campaign import commands as campaign
from aggregates.command import Command, Policy
from aggregates.email_account import commands as account
from aggregates.recipient import ForgetRecipient
from aggregates.rejections import Suppressed
from aggregates.suppressions import (
    ReleaseDomain,
    ReleasePerson,
    SuppressDomain,
    SuppressPerson,
)
from engine.simulated import simulated_report
from events import campaign as facts
from events import email_account as account_facts
from events.base import Event
from events.recipient import RecipientForgotten
from events.recorded import Envelope, Recorded
from events.suppression import (
    DomainReleased,
    DomainSuppressed,
    PersonReleased,
    PersonSuppressed,
)
from events.vocabulary import RecipientStatus, SearchResult, Signal

SIGNALS: dict[type[Event], Signal] = {
    facts.RecipientReplied: RecipientStatus.REPLIED,
    facts.RecipientBounced: RecipientStatus.BOUNCED,
    facts.RecipientUnsubscribed: RecipientStatus.UNSUBSCRIBED,
    facts.RecipientFinished: RecipientStatus.FINISHED,
    facts.RecipientFailed: RecipientStatus.FAILED,
}
WELL = simulated_report(None)


class PastTurn(NamedTuple):
    """Somebody's command at its moment, or the engine's turn (no command)."""

    at: datetime
    envelope: Envelope
    command: Command | None = None
    events: Sequence[Event] = ()
    reminds: bool = False
    """A worker's turn; otherwise only what was due is settled."""
    inclusive: bool = False
    """What was due at that very moment was settled too, as in simulated time."""


def past_turns(history: Iterable[Recorded]) -> Iterator[PastTurn]:
    """The turns of one workspace's history, in order."""
    for envelope, group in groupby(history, key=lambda fact: fact.envelope):
        events = [fact.event for fact in group]
        if envelope.actor == "clock":
            yield PastTurn(
                envelope.recorded_at,
                envelope,
                reminds=envelope.command == "IssueNotice",
                inclusive=_due_now(events[0], envelope.recorded_at),
            )
        elif envelope.causation_id is None:
            yield PastTurn(
                envelope.recorded_at, envelope, command_of(events, envelope.command), events
            )


def _due_now(event: Event, now: datetime) -> bool:
    match event:
        case facts.GracePeriodExpired(deadline_at=due) | facts.HoldEnded(occurred_at=due):
            return due == now
        case _:
            return False


def command_of(events: Sequence[Event], command: str = "") -> Command:
    """What was asked, told from what it recorded; the first fact says which command it was."""
    first = events[0]
    match first:
        case facts.CampaignCreated():
            return campaign.CreateCampaign(
                campaign_id=first.campaign_id,
                mode=first.mode,
                slot_id=first.slot_id,
                account_ids=tuple(e.account_id for e in events if isinstance(e, facts.SenderAdded)),
                recipient_ids=_people(events),
                suppressed=_suppressed(events),
                mail_id=first.mail_id,
            )
        case facts.RecipientAdded() | facts.RecipientImportRefused():
            return campaign.ImportRecipients(
                campaign_id=first.campaign_id,
                recipient_ids=_people(events),
                suppressed=_suppressed(events),
            )
        case facts.RecipientEvent():
            if command == campaign.RecordLostSend.__name__:
                return _lost_send(events)
            told = _about_recipient(first, command)
            if isinstance(told, campaign.RecordRefused):
                bounces = (each for each in events if isinstance(each, facts.RecipientBounced))
                return replace(told, address_unknown=any(each.address_unknown for each in bounces))
            return told
        case facts.CampaignEventBase():
            return _about_campaign(first)
        case RecipientForgotten(recipient_id=recipient):
            return ForgetRecipient(recipient_id=recipient)
        case PersonSuppressed(recipient_id=recipient, because=because):
            return SuppressPerson(recipient_id=recipient, because=because)
        case PersonReleased(recipient_id=recipient, reason=reason):
            return ReleasePerson(recipient_id=recipient, reason=reason)
        case DomainSuppressed(domain=domain):
            return SuppressDomain(domain=domain)
        case DomainReleased(domain=domain, reason=reason):
            return ReleaseDomain(domain=domain, reason=reason)
        case _:
            return _about_account(first)


def _people(events: Sequence[Event]) -> tuple[str, ...]:
    named = facts.RecipientAdded | facts.RecipientImportRefused
    return tuple(each.recipient_id for each in events if isinstance(each, named))


def _suppressed(events: Sequence[Event]) -> frozenset[str]:
    """M7: also those whom whoever asked knew by their domain."""
    refused = (each for each in events if isinstance(each, facts.RecipientImportRefused))
    return frozenset(each.recipient_id for each in refused if each.reason == Suppressed.code)


def _about_campaign(event: facts.CampaignEventBase) -> Command:
    name = event.campaign_id
    match event:
        case facts.CampaignStarted():
            return campaign.StartCampaign(campaign_id=name)
        case facts.CampaignPaused():
            return campaign.PauseCampaign(campaign_id=name)
        case facts.CampaignResumed(given_up=given_up):
            without = frozenset(each.account_id for each in given_up)
            return campaign.ResumeCampaign(campaign_id=name, without=without)
        case facts.GracePeriodCured(account_id=sender, incident_id=incident):
            return campaign.CureLostClock(campaign_id=name, account_id=sender, incident_id=incident)
        case facts.SequenceSet(sequence=sequence):
            return campaign.SetSequence(campaign_id=name, sequence=sequence)
        case facts.SenderAdded(account_id=sender):
            return campaign.AddSender(campaign_id=name, account_id=sender)
        case facts.SenderRemoved(account_id=sender, held=held):
            return campaign.RemoveSender(campaign_id=name, account_id=sender, confirmed=held)
        case _:
            raise _no_command(event)


def _lost_send(events: Sequence[Event]) -> Command:
    first, second = events[0], events[1]
    assert isinstance(first, facts.SendReserved)
    assert first.step is not None
    found = isinstance(second, facts.EmailAccepted)
    return campaign.RecordLostSend(
        campaign_id=first.campaign_id,
        recipient_id=first.recipient_id,
        account_id=first.account_id,
        step=first.step,
        result=SearchResult.FOUND if found else SearchResult.INCONCLUSIVE,
    )


def _about_recipient(event: facts.RecipientEvent, command: str) -> Command:  # noqa: C901, PLR0912 one case a fact
    name, who = event.campaign_id, event.recipient_id
    match event:
        case facts.SendReserved(account_id=sender, step=str(step)):
            return campaign.ReserveStep(
                campaign_id=name,
                recipient_id=who,
                account_id=sender,
                step=step,
                inbox_read_until=event.inbox_read_until,
            )
        case facts.SendReserved(account_id=sender, send_id=send):
            return campaign.ReserveSend(
                campaign_id=name, recipient_id=who, account_id=sender, send_id=send
            )
        case facts.EmailAccepted(send_id=send):
            return campaign.RecordAccepted(campaign_id=name, recipient_id=who, send_id=send)
        case facts.EmailOutcomeUnknown(send_id=send):
            return campaign.RecordUnknown(campaign_id=name, recipient_id=who, send_id=send)
        case facts.EmailRefused(send_id=send, fault=fault, told_until=until):
            return campaign.RecordRefused(
                campaign_id=name, recipient_id=who, send_id=send, fault=fault, told_until=until
            )
        case facts.SentFolderSearched(send_id=send, found=found):
            result = SearchResult.FOUND if found else SearchResult.INCONCLUSIVE
            return campaign.RecordSentFolderSearch(
                campaign_id=name, recipient_id=who, send_id=send, result=result
            )
        case facts.SentSearched(send_id=send, result=result):
            return campaign.RecordSentFolderSearch(
                campaign_id=name, recipient_id=who, send_id=send, result=result
            )
        case facts.LateSignalRecorded(signal=signal):
            return campaign.RecordSignal(campaign_id=name, recipient_id=who, signal=signal)
        case facts.RecipientFinished(occurred_at=at) if command == "FinishRecipient":
            return campaign.FinishRecipient(campaign_id=name, recipient_id=who, inbox_read_until=at)
        case facts.ComplaintReceived():
            return campaign.RecordComplaint(campaign_id=name, recipient_id=who)
        case facts.RecipientBounced(address_unknown=unknown):
            return campaign.RecordSignal(
                campaign_id=name,
                recipient_id=who,
                signal=RecipientStatus.BOUNCED,
                address_unknown=bool(unknown),
            )
        case facts.RecipientEnded():
            signal = SIGNALS[type(event)]
            return campaign.RecordSignal(campaign_id=name, recipient_id=who, signal=signal)
        case facts.AutoReplyReceived(until=until):
            return campaign.RecordAutoReply(campaign_id=name, recipient_id=who, until=until)
        case facts.RecipientAssigned(account_id=sender):
            return campaign.AssignRecipient(campaign_id=name, recipient_id=who, account_id=sender)
        case _:
            raise _no_command(event)


def _about_account(event: Event) -> Command:
    match event:
        case account_facts.AccountConnected():
            return account.ConnectAccount(
                account_id=event.account_id,
                slot_id=event.slot_id,
                provider=event.provider,
                settings=event.settings,
                report=WELL,
                configuration=event.configuration,
                credentials=event.credentials,
            )
        case account_facts.ConnectRejected(account_id=name, slot_id=slot, reason=reason):
            return account.ConnectAccount(
                account_id=name, slot_id=slot, provider="", report=WELL, refusal=reason
            )
        case account_facts.OneClickReconnected():
            return account.OneClickReconnect(
                account_id=event.account_id,
                report=event.report,
                credentials=event.credentials,
                check_id=event.check_id,
            )
        case account_facts.OneClickRejected(account_id=name, reason=reason, check_id=check):
            return account.OneClickReconnect(
                account_id=name, report=WELL, refusal=reason, check_id=check
            )
        case account_facts.CheckRequested(account_id=name, check_id=check):
            return account.RequestCheck(account_id=name, check_id=str(check))
        case account_facts.CheckPassed() | account_facts.CheckFailed():
            return account.RecordCheck(
                account_id=event.account_id,
                asked_by=event.asked_by,
                report=event.report,
                check_id=event.check_id,
            )
        case account_facts.SettingsUpdated(account_id=name, settings=settings):
            return account.UpdateSettings(account_id=name, settings=settings)
        case account_facts.AccountDisconnected(account_id=name):
            return account.DisconnectAccount(account_id=name)
        case account_facts.SentSearchProved(account_id=name, send_id=send):
            return account.ProveSentSearch(account_id=name, send_id=send)
        case account_facts.NoticeAttempted():
            return account.RecordNoticeAttempt(
                account_id=event.account_id,
                incident_id=event.incident_id,
                number=event.number,
                channel=event.channel,
                delivered=event.delivered,
                detail=event.detail,
                taken_by=event.taken_by,
            )
        case _:
            raise _no_command(event)


def _no_command(event: Event) -> ValueError:
    return ValueError(f"{type(event).__name__} begins with no command that somebody can ask for")


def recorded_policy(policy: Policy, events: Iterable[Event]) -> Policy:
    """The policy as these facts record it; what they do not record stays."""
    for event in events:
        match event:
            case account_facts.ConnectionFailed():
                policy = replace(
                    policy,
                    resolution_window=event.resolution_window,
                    on_account_trouble=event.on_account_trouble,
                    failure_reminders=tuple(e - event.occurred_at for e in event.remind_at),
                )
            case account_facts.AccountDisconnected():
                policy = replace(
                    policy,
                    grace_period=event.grace_period,
                    on_account_trouble=event.on_account_trouble,
                    disconnect_reminders=tuple(e - event.occurred_at for e in event.remind_at),
                )
            case facts.CampaignStarted() | facts.CampaignResumed():
                policy = replace(policy, on_account_trouble=event.on_account_trouble)
            case account_facts.CheckRequested():
                patience = event.patience_ends_at - event.occurred_at
                policy = replace(policy, check_patience=patience)
            case account_facts.CheckFailed(misses_before_failure=int(misses), misses_span=span):
                assert span is not None
                policy = replace(policy, misses_before_failure=misses, misses_span=span)
            case _:
                pass
    return policy
