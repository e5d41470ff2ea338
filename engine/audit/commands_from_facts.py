"""A history turned back from its facts into the commands that recorded them.

The log names commands without their arguments, so each is derived from the facts it recorded. What
the engine decided by itself, reactions and clocks, is left out: the engine decides it anew. A
command that left no fact, mostly a refused one, is unknown and left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from aggregates.campaign import commands as campaign
from aggregates.command import Command, Policy
from aggregates.email_account import commands as account
from aggregates.people import CommitPeople
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
from events.recipient import PeopleCommitted, RecipientForgotten
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
    """A command that somebody gave, at its moment; or a turn of the engine (no command)."""

    at: datetime
    envelope: Envelope
    command: Command | None = None
    events: Sequence[Event] = ()
    reminds: bool = False
    """Whether it is a worker's turn, which sends reminders; otherwise only what was due is
    settled."""
    inclusive: bool = False
    """Whether timers due at that very moment were settled too, as in simulated time."""


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


SAME: dict[type[Event], type[Command]] = {
    facts.CampaignStarted: campaign.StartCampaign,
    facts.CampaignPaused: campaign.PauseCampaign,
    facts.GracePeriodCured: campaign.CureLostClock,
    facts.SequenceSet: campaign.SetSequence,
    facts.SenderAdded: campaign.AddSender,
    facts.EmailAccepted: campaign.RecordAccepted,
    facts.EmailOutcomeUnknown: campaign.RecordUnknown,
    facts.EmailRefused: campaign.RecordRefused,
    facts.SentSearched: campaign.RecordSentFolderSearch,
    facts.LateSignalRecorded: campaign.RecordSignal,
    facts.ComplaintReceived: campaign.RecordComplaint,
    facts.AutoReplyReceived: campaign.RecordAutoReply,
    facts.RecipientAssigned: campaign.AssignRecipient,
    RecipientForgotten: ForgetRecipient,
    PeopleCommitted: CommitPeople,
    PersonSuppressed: SuppressPerson,
    PersonReleased: ReleasePerson,
    DomainSuppressed: SuppressDomain,
    DomainReleased: ReleaseDomain,
    account_facts.OneClickReconnected: account.OneClickReconnect,
    account_facts.CheckRequested: account.RequestCheck,
    account_facts.CheckPassed: account.RecordCheck,
    account_facts.CheckFailed: account.RecordCheck,
    account_facts.SettingsUpdated: account.UpdateSettings,
    account_facts.AccountDisconnected: account.DisconnectAccount,
    account_facts.SentSearchProved: account.ProveSentSearch,
    account_facts.NoticeAttempted: account.RecordNoticeAttempt,
}
"""Facts whose fields have the same names as those of their commands."""


def command_of(events: Sequence[Event], command: str = "") -> Command:
    """The command, derived from the facts it recorded; the first fact says which command it was."""
    first = events[0]
    if command == campaign.RecordLostSend.__name__:
        return _lost_send(events)
    match first:
        case facts.CampaignCreated():
            accounts = tuple(e.account_id for e in events if isinstance(e, facts.SenderAdded))
            return _told(
                campaign.CreateCampaign,
                first,
                account_ids=accounts,
                recipient_ids=_people(events),
                suppressed=_suppressed(events),
            )
        case facts.RecipientAdded() | facts.RecipientImportRefused():
            return _import(first.campaign_id, events, command)
        case facts.EmailRefused():
            bounces = (each for each in events if isinstance(each, facts.RecipientBounced))
            unknown = any(each.address_unknown for each in bounces)
            return _told(campaign.RecordRefused, first, address_unknown=unknown)
        case facts.RecipientFinished(occurred_at=at) if command == "FinishRecipient":
            return _told(campaign.FinishRecipient, first, inbox_read_until=at)
        case _:
            return _from_one(first)


def _told(command: type[Command], event: Event, **more: Any) -> Command:
    """The command, with the fact's values for fields of the same name, and ``more``."""
    same = {each.name for each in fields(command)} & {each.name for each in fields(event)}
    return command(**{name: getattr(event, name) for name in same - more.keys()}, **more)


def _from_one(event: Event) -> Command:
    match event:
        case facts.CampaignResumed(given_up=given_up):
            without = frozenset(each.account_id for each in given_up)
            return _told(campaign.ResumeCampaign, event, without=without)
        case facts.SenderRemoved(held=held):
            return _told(campaign.RemoveSender, event, confirmed=held)
        case facts.SendReserved(step=step):
            return _told(campaign.ReserveSend if step is None else campaign.ReserveStep, event)
        case facts.SentFolderSearched(found=found):
            return _told(campaign.RecordSentFolderSearch, event, result=_result(found))
        case facts.RecipientBounced(address_unknown=unknown):
            signal = SIGNALS[type(event)]
            unknown = bool(unknown)
            return _told(campaign.RecordSignal, event, signal=signal, address_unknown=unknown)
        case facts.RecipientEnded():
            return _told(campaign.RecordSignal, event, signal=SIGNALS[type(event)])
        case account_facts.AccountConnected():
            return _told(account.ConnectAccount, event, report=WELL)
        case account_facts.ConnectRejected(reason=reason):
            return _told(account.ConnectAccount, event, provider="", report=WELL, refusal=reason)
        case account_facts.OneClickRejected(reason=reason):
            return _told(account.OneClickReconnect, event, report=WELL, refusal=reason)
        case _ if type(event) in SAME:
            return _told(SAME[type(event)], event)
        case _:
            name = type(event).__name__
            raise ValueError(f"{name} begins with no command that somebody can ask for")


def _result(found: bool) -> SearchResult:
    return SearchResult.FOUND if found else SearchResult.INCONCLUSIVE


def _people(events: Sequence[Event]) -> tuple[str, ...]:
    named = facts.RecipientAdded | facts.RecipientImportRefused
    return tuple(each.recipient_id for each in events if isinstance(each, named))


def _suppressed(events: Sequence[Event]) -> frozenset[str]:
    """M7: people refused as suppressed, including those the caller knew to be so by their
    domain."""
    refused = (each for each in events if isinstance(each, facts.RecipientImportRefused))
    return frozenset(each.recipient_id for each in refused if each.reason == Suppressed.code)


def _import(campaign_id: str, events: Sequence[Event], command: str) -> Command:
    people, suppressed = _people(events), _suppressed(events)
    if command != campaign.MigrateRecipients.__name__:
        return campaign.ImportRecipients(
            campaign_id=campaign_id, recipient_ids=people, suppressed=suppressed
        )
    pasts = {name: campaign.Past(name) for name in people}
    for event in events:
        match event:
            case facts.RecipientMigrated(recipient_id=name, account_id=sender, received_at=at):
                pasts[name] = campaign.Past(name, sender, event.steps[-1], at)
            case facts.RecipientEnded(recipient_id=name):
                pasts[name] = pasts[name]._replace(ended=SIGNALS[type(event)])
            case _:
                pass
    return campaign.MigrateRecipients(
        campaign_id=campaign_id, people=tuple(pasts.values()), suppressed=suppressed
    )


def _lost_send(events: Sequence[Event]) -> Command:
    first, second = events[0], events[1]
    assert isinstance(first, facts.SendReserved)
    assert first.step is not None
    return _told(
        campaign.RecordLostSend, first, result=_result(isinstance(second, facts.EmailAccepted))
    )


def recorded_policy(policy: Policy, events: Iterable[Event]) -> Policy:
    """The policy with the values that these facts record; the others stay."""
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
