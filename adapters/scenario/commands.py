"""Turns a scenario's step into the engine's commands, with their actors."""

from collections.abc import Callable, Iterator
from functools import partial
from inspect import signature
from typing import Any

from adapters.scenario import steps
from adapters.scenario.reader import Step
from aggregates.campaign import Recipient
from aggregates.campaign import commands as campaign
from aggregates.campaign.pace import message_key
from aggregates.command import Command
from aggregates.email_account import commands as account
from aggregates.suppressions import SuppressPerson
from engine.batch import derived_id
from engine.engine import Engine
from engine.simulated import simulated_report
from events.vocabulary import (
    Asker,
    FailureClass,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Settings,
    Signal,
    SuppressedBecause,
)

USER, CHECK, MAIL = "user:scenario", "check", "mail"

ID_OF = {
    "account": "account_id",
    "campaign": "campaign_id",
    "recipient": "recipient_id",
    "slot": "slot_id",
}
"""The ids in commands, by what a scenario calls them."""
SIGNALS: dict[str, Signal] = {
    "reply": RecipientStatus.REPLIED,
    "bounce": RecipientStatus.BOUNCED,
    "unsubscribe": RecipientStatus.UNSUBSCRIBED,
    "finish": RecipientStatus.FINISHED,
}


OUTCOMES: dict[str, Callable[..., Command]] = {
    "email_accepted": campaign.RecordAccepted,
    "email_unknown": campaign.RecordUnknown,
    "email_refused": partial(campaign.RecordRefused, fault=RefusalFault.RECIPIENT),
}
"""The outcomes of a message, given ``campaign_id``, ``recipient_id`` and ``send_id``."""


def suppresses(engine: Engine) -> bool:
    """Whether a bounce in a story means that the address does not exist (M7)."""
    return SuppressedBecause.BOUNCED in engine.policy.suppressed_because


Told = tuple[Command, str]


def commands_of(step: Step, engine: Engine, workspace: str) -> Iterator[Told]:  # noqa: C901, PLR0912 one case per step
    """The step's commands in order; a refused one ends the step."""
    match step.arguments:
        case steps.Connect(settings=settings, result=found) as given:
            told = settings.over(Settings())
            yield _told(account.ConnectAccount, given, **_checked(found), settings=told), USER
        case steps.OneClickReconnect(result=found) as given:
            yield _told(account.OneClickReconnect, given, **_checked(found)), USER
        case steps.TestConnection(account=name, result=found):
            yield _check(name, Asker.USER, found), USER
        case steps.ConnectionFails(account=name, failure_class=found):
            yield _check(name, Asker.BACKGROUND, found), CHECK
        case steps.UpdateSettings(account=name, settings=settings):
            with engine.look(workspace) as before:
                current = before.account(name).settings
            yield account.UpdateSettings(account_id=name, settings=settings.over(current)), USER
        case steps.CreateCampaign(campaign=name) as given:
            yield _create(given), USER
            sequence = given.sequence(derived_id("scenario", name))
            if sequence is not None:
                yield campaign.SetSequence(campaign_id=name, sequence=sequence), USER
        case steps.ImportRecipients(recipients=people) as given:
            yield _told(campaign.ImportRecipients, given, recipient_ids=people), USER
        case steps.Resume(without=without) as given:
            yield _told(campaign.ResumeCampaign, given, without=frozenset(without)), USER
        case steps.Email() as given:
            send = {"send_id": f"send-{step.number}"}
            yield _told(campaign.ReserveSend, given, **send), MAIL
            yield _told(OUTCOMES[step.name], given, **send), MAIL
        case steps.Suppress() as given:
            yield _told(SuppressPerson, given, because=SuppressedBecause.OPERATOR), USER
        case steps.SentSearched() as given:
            yield _searched(given, engine, workspace), MAIL
        case steps.AutoReply() as given:
            yield _told(campaign.RecordAutoReply, given, until=step.until), MAIL
        case steps.OfSender(campaign=name, account=sender) if step.name == "remove_sender":
            with engine.look(workspace) as before:
                held = len(before.campaign(name).lane(sender).contacted)
            yield _told(campaign.RemoveSender, step.arguments, confirmed=held), USER
        case steps.OfRecipient() as given if step.name in SIGNALS:
            gone = step.name == "bounce" and suppresses(engine)
            signal = {"signal": SIGNALS[step.name], "address_unknown": gone}
            yield _told(campaign.RecordSignal, given, **signal), MAIL
        case steps.OfAccount(account=name) if step.name == "connection_passes":
            yield _check(name, Asker.BACKGROUND, None), CHECK
        case given if step.name in SAME:
            command, actor = SAME[step.name]
            yield _told(command, given), actor
        case _:
            raise TypeError(f"no command for the step {step.name}")


SAME: dict[str, tuple[type[Command], str]] = {
    "assign": (campaign.AssignRecipient, USER),
    "add_sender": (campaign.AddSender, USER),
    "complaint": (campaign.RecordComplaint, MAIL),
    "start": (campaign.StartCampaign, USER),
    "pause": (campaign.PauseCampaign, USER),
    "disconnect": (account.DisconnectAccount, USER),
}
"""Steps that contain everything their command needs, with its actor."""


def _told(command: Callable[..., Command], given: steps.Arguments, **more: Any) -> Command:
    """The command with the step's values of the same names, and ``more``."""
    named = {ID_OF.get(name, name): value for name, value in given}
    wanted = signature(command).parameters.keys() & named.keys()
    return command(**{name: named[name] for name in wanted - more.keys()}, **more)


def _checked(verdict: steps.Verdict) -> dict[str, Any]:
    refusal = None if verdict == "passes" else verdict
    return {"report": simulated_report(None), "refusal": refusal}


def _searched(given: steps.SentSearched, engine: Engine, workspace: str) -> Command:
    """The search for the last message of unknown outcome, or else for the last one accepted."""
    with engine.look(workspace) as before:
        state = before.campaign(given.campaign)
        recipient = state.recipients.get(given.recipient, Recipient())
        occupant = before.slot(state.slot_id).occupant if state.slot_id else None
    sequence, done, sender = state.sequence, recipient.progress.done, recipient.sender or occupant
    proves = given.result is SearchResult.FOUND and not recipient.unknown
    if proves and sequence and done and sender:
        key = message_key(sequence, given.recipient, done[-1])
        return account.ProveSentSearch(account_id=sender, send_id=key)
    last = recipient.unknown[-1].send_id if recipient.unknown else ""
    return campaign.RecordSentFolderSearch(
        campaign_id=given.campaign,
        recipient_id=given.recipient,
        send_id=last,
        result=given.result,
    )


def _check(name: str, asked_by: Asker, found: FailureClass | None) -> account.RecordCheck:
    return account.RecordCheck(account_id=name, asked_by=asked_by, report=simulated_report(found))


def _create(given: steps.CreateCampaign) -> campaign.CreateCampaign:
    return campaign.CreateCampaign(
        campaign_id=given.campaign,
        mode=given.mode,
        slot_id=given.slot,
        account_ids=given.senders,
        recipient_ids=given.recipients,
    )
