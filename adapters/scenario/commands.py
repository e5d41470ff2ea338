"""From a scenario's step to the engine's commands, with who asks for them."""

from collections.abc import Iterator

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

SIGNALS: dict[str, Signal] = {
    "reply": RecipientStatus.REPLIED,
    "bounce": RecipientStatus.BOUNCED,
    "unsubscribe": RecipientStatus.UNSUBSCRIBED,
    "finish": RecipientStatus.FINISHED,
}


def _accepted(campaign_id: str, recipient_id: str, send_id: str) -> Command:
    return campaign.RecordAccepted(
        campaign_id=campaign_id, recipient_id=recipient_id, send_id=send_id
    )


def _unknown(campaign_id: str, recipient_id: str, send_id: str) -> Command:
    return campaign.RecordUnknown(
        campaign_id=campaign_id, recipient_id=recipient_id, send_id=send_id
    )


def _refused(campaign_id: str, recipient_id: str, send_id: str) -> Command:
    return campaign.RecordRefused(
        campaign_id=campaign_id,
        recipient_id=recipient_id,
        send_id=send_id,
        fault=RefusalFault.RECIPIENT,
    )


OUTCOMES = {"email_accepted": _accepted, "email_unknown": _unknown, "email_refused": _refused}


def suppresses(engine: Engine) -> bool:
    """M7: a bounce of a story means that there is no such address."""
    return SuppressedBecause.BOUNCED in engine.policy.suppressed_because


Told = tuple[Command, str]


def commands_of(step: Step, engine: Engine, workspace: str) -> Iterator[Told]:  # noqa: C901, PLR0912, PLR0915 one case a step
    """The step's commands in order; a refused one ends the step."""
    match step.arguments:
        case steps.Connect() as given:
            yield _connect(given), USER
        case steps.OneClickReconnect() as given:
            yield _one_click(given), USER
        case steps.TestConnection(account=name, result=found):
            yield _check(name, Asker.USER, found), USER
        case steps.ConnectionFails(account=name, failure_class=found):
            yield _check(name, Asker.BACKGROUND, found), CHECK
        case steps.UpdateSettings(account=name, settings=settings):
            with engine.look(workspace) as before:
                current = before.account(name).settings
            yield account.UpdateSettings(account_id=name, settings=settings.over(current)), USER
        case steps.CreateCampaign() as given:
            yield _create(given), USER
            sequence = given.sequence(derived_id("scenario", given.campaign))
            if sequence is not None:
                set_sequence = campaign.SetSequence(campaign_id=given.campaign, sequence=sequence)
                yield set_sequence, USER
        case steps.ImportRecipients(campaign=name, recipients=recipients):
            yield campaign.ImportRecipients(campaign_id=name, recipient_ids=recipients), USER
        case steps.Resume(campaign=name, without=without):
            yield campaign.ResumeCampaign(campaign_id=name, without=frozenset(without)), USER
        case steps.Email() as given:
            yield from _email(step, given)
        case steps.Assign(campaign=name, recipient=recipient, account=sender):
            yield (
                campaign.AssignRecipient(
                    campaign_id=name, recipient_id=recipient, account_id=sender
                ),
                USER,
            )
        case steps.AutoReply(campaign=name, recipient=recipient):
            yield (
                campaign.RecordAutoReply(
                    campaign_id=name, recipient_id=recipient, until=step.until
                ),
                MAIL,
            )
        case steps.Suppress(recipient=recipient):
            because = SuppressedBecause.OPERATOR
            yield SuppressPerson(recipient_id=recipient, because=because), USER
        case steps.SentSearched() as given:
            yield _searched(given, engine, workspace), MAIL
        case steps.OfSender(campaign=name, account=sender):
            yield _sender(step.name, name, sender, engine, workspace), USER
        case steps.OfRecipient(campaign=name, recipient=recipient) if step.name == "complaint":
            yield campaign.RecordComplaint(campaign_id=name, recipient_id=recipient), MAIL
        case steps.OfRecipient(campaign=name, recipient=recipient):
            yield (
                campaign.RecordSignal(
                    campaign_id=name,
                    recipient_id=recipient,
                    signal=SIGNALS[step.name],
                    address_unknown=step.name == "bounce" and suppresses(engine),
                ),
                MAIL,
            )
        case steps.OfCampaign(campaign=name) if step.name == "start":
            yield campaign.StartCampaign(campaign_id=name), USER
        case steps.OfCampaign(campaign=name):
            yield campaign.PauseCampaign(campaign_id=name), USER
        case steps.OfAccount(account=name) if step.name == "disconnect":
            yield account.DisconnectAccount(account_id=name), USER
        case steps.OfAccount(account=name):
            yield _check(name, Asker.BACKGROUND, None), CHECK
        case _:
            raise TypeError(f"no command for the step {step.name}")


def _searched(given: steps.SentSearched, engine: Engine, workspace: str) -> Command:
    """Of the last message of unknown outcome; where there is none, of the last one accepted."""
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


def _connect(given: steps.Connect) -> account.ConnectAccount:
    return account.ConnectAccount(
        account_id=given.account,
        slot_id=given.slot,
        provider=given.provider,
        settings=given.settings.over(Settings()),
        report=simulated_report(None),
        refusal=_refusal(given.result),
    )


def _one_click(given: steps.OneClickReconnect) -> account.OneClickReconnect:
    return account.OneClickReconnect(
        account_id=given.account,
        report=simulated_report(None),
        refusal=_refusal(given.result),
    )


def _refusal(verdict: steps.Verdict) -> str | None:
    return None if verdict == "passes" else verdict


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


def _sender(
    step_name: str, campaign_id: str, account_id: str, engine: Engine, workspace: str
) -> Command:
    if step_name == "add_sender":
        return campaign.AddSender(campaign_id=campaign_id, account_id=account_id)
    with engine.look(workspace) as before:
        held = len(before.campaign(campaign_id).lane(account_id).contacted)
    return campaign.RemoveSender(campaign_id=campaign_id, account_id=account_id, confirmed=held)


def _email(step: Step, given: steps.Email) -> Iterator[Told]:
    send_id = f"send-{step.number}"
    reserve = campaign.ReserveSend(
        campaign_id=given.campaign,
        recipient_id=given.recipient,
        account_id=given.account,
        send_id=send_id,
    )
    yield reserve, MAIL
    yield OUTCOMES[step.name](given.campaign, given.recipient, send_id), MAIL
