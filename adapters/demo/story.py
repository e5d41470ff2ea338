"""The story: two mailboxes, one lost for an hour, the other for ever."""

from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

from adapters.composition.mailboxes import loopback_consent
from adapters.composition.programs import recipients_file
from adapters.demo.cast import ANN, BEN, CAMPAIGN, GAP, SENDERS, SEQUENCE, USER, WORKSPACE, Sender
from adapters.demo.correspondents import Correspondents
from adapters.demo.stage import Stage, new_id
from aggregates.campaign import commands
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount
from engine.work.access import Access, Security, Server
from engine.work.addresses import ascii_form
from engine.work.check_connection import UNCHECKED
from engine.work.import_recipients import Import
from engine.work.ports import Person, RejectedLine
from engine.work.secret import Secret
from events.vocabulary import ClockOutcome, ConnectionStatus, Mode, RecipientStatus
from events.vocabulary import Stage as CheckStage

RECIPIENTS = Path(__file__).parents[2] / "examples" / "recipients.csv"
MORNING, AFTERNOON = timedelta(minutes=85), timedelta(minutes=100)
LOST = timedelta(minutes=52)
DAY = timedelta(days=1)
A_MOMENT = timedelta(seconds=1)
"""At the deadline itself everything is still in time; a moment after it is too late (S2)."""


def tell_story(stage: Stage) -> None:
    open_campaign(stage)
    send_for(stage, MORNING)
    lose_an_hour(stage)
    send_for(stage, AFTERNOON)
    fail(stage)
    wait_nine_days(stage)
    go_on(stage)


def open_campaign(stage: Stage) -> None:
    """Connect two mailboxes, import people and start a rotation campaign. From then on it sends by
    itself, in its window."""
    for sender in SENDERS:
        stage.sandbox.add_account(sender.account_id, sender.password, files_sent=True)
        connect(stage, sender)
    accounts = tuple(sender.account_id for sender in SENDERS)
    stage.ask(
        f"{CAMPAIGN} is created: an Inbox Rotation over both",
        commands.CreateCampaign(campaign_id=CAMPAIGN, mode=Mode.ROTATION, account_ids=accounts),
    )
    _import(stage)
    window = f"{SEQUENCE.window.begins} to {SEQUENCE.window.ends}, {SEQUENCE.zone}"
    stage.ask(
        f"It is to send {len(SEQUENCE.steps)} steps, from {window}",
        commands.SetSequence(campaign_id=CAMPAIGN, sequence=SEQUENCE),
    )
    stage.ask(f"{CAMPAIGN} is started", commands.StartCampaign(campaign_id=CAMPAIGN))


def connect(stage: Stage, sender: Sender) -> None:
    """Connect by the provider's consent or by a password; a full check over TLS (C1)."""
    access = _consented(stage, sender) if sender is ANN else _by_password(stage, sender)
    wanted = ConnectAccount(
        account_id=sender.account_id,
        slot_id=sender.slot_id,
        provider=access.provider,
        settings=sender.settings,
        report=UNCHECKED,
    )
    how = "consent" if access.grant else "password"
    stage.told(
        f"{sender.account_id} is connected by {how} (checked: {', '.join(CheckStage)})",
        stage.mailboxes.connect(wanted, access, actor=USER),
    )


def send_for(stage: Stage, span: timedelta) -> None:
    """Let the campaign send and people answer for that time."""
    stage.let_pass(span)
    counts = stage.answers().recipients_by_status(CAMPAIGN)
    told = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    stage.tell(f"So far: {told}")


def lose_an_hour(stage: Stage) -> None:
    """Disconnect an account, and bring it back within the hour (T2, T4, P3)."""
    with stage.program.engine.look(WORKSPACE) as now:
        credentials = now.account(BEN.account_id).credentials
    stage.ask(
        f"Dana disconnects {BEN.account_id}: one hour runs",
        DisconnectAccount(account_id=BEN.account_id),
    )
    stage.mailboxes.forget(BEN.account_id, credentials)
    stage.answers()
    _resume(stage)
    stage.let_pass(LOST)
    connect(stage, BEN)
    stage.ask(
        f"Dana adds {BEN.account_id} to FROM EMAIL again, in time",
        commands.AddSender(campaign_id=CAMPAIGN, account_id=BEN.account_id),
    )
    stage.answers()
    _resume(stage)


def fail(stage: Stage) -> None:
    """Revoke Ann's consent: mail notices, then a check; One-Click does not help (C2, R2)."""
    stage.sandbox.revoke(ANN.account_id)
    for service in ("imap", "smtp"):
        stage.sandbox.close_port(service)
        stage.sandbox.open_port(service)
    stage.tell(f"The consent to use {ANN.account_id} is revoked at its provider", "red")
    while (row := stage.answers().accounts[ANN.account_id]).status is not ConnectionStatus.FAILED:
        stage.let_pass(GAP)
    stage.tell(f"A background check fails: {row.reason} Nine days run", "red")
    _resume(stage)
    stage.told(
        f"Dana tries One-Click Reconnect of {ANN.account_id}",
        stage.mailboxes.reconnect(ANN.account_id, actor=USER),
    )


def wait_nine_days(stage: Stage) -> None:
    """Let nine days pass: Ben's inbox is read all the time; Ann's cannot be (S1-S3, N1)."""
    failed_at = stage.answers().accounts[ANN.account_id].since
    assert failed_at is not None
    for day in range(1, 10):
        stage.reach(failed_at + day * DAY)
        for clock in stage.answers().clocks():
            if clock.outcome is ClockOutcome.RUNNING:
                at_stake = f"{clock.at_stake} recipients of {clock.account_id} are at stake"
                stage.tell(f"Day {day}: {at_stake}", "yellow")
    stage.let_pass(A_MOMENT)


def go_on(stage: Stage) -> None:
    """Stop those who heard from Ann for good; the others continue with Ben (S3, S4, P2)."""
    stopped = next(stage.answers().recipients(CAMPAIGN, status=RecipientStatus.CAMPAIGN_STOPPED))
    stage.ask(
        "Dana imports a stopped recipient again",
        commands.ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=(stopped.recipient_id,)),
    )
    _resume(stage)
    stage.tell(f"{BEN.account_id} follows up his own, and takes those who heard from nobody yet")
    send_for(stage, DAY)


def _consented(stage: Stage, sender: Sender) -> Access:
    program, address = stage.program, sender.account_id
    with loopback_consent(program.opened, program.settings, "google") as consent:
        back = stage.sandbox.approve(consent.start(address), address)
        urlopen(back, timeout=10).close()  # noqa: S310 on this machine, like the owner's browser
        return consent.wait(address)


def _by_password(stage: Stage, sender: Sender) -> Access:
    served = stage.sandbox.served()
    imap, smtp = (
        Server("localhost", port, Security.IMPLICIT) for port in (served["imaps"], served["smtps"])
    )
    return Access("imap", sender.account_id, imap, smtp, Secret(sender.password))


def _import(stage: Stage) -> None:
    def reject(line: RejectedLine) -> None:
        stage.tell(f"{RECIPIENTS.name}, line {line.line}: {line.column} {line.problem}", "yellow")

    people = recipients_file(RECIPIENTS, {})
    _, opened, engine = stage.program
    done = Import(engine, opened.directory, WORKSPACE, CAMPAIGN, USER, reject, new_id).run(people)
    stage.tell(
        f"{done.taken} recipients are imported from {RECIPIENTS.name}; events know them by id only"
    )
    addresses = [ascii_form(each.address) for _, each in people.lines() if isinstance(each, Person)]
    stage.correspondents = Correspondents(stage.sandbox, stage.clock, addresses)


def _resume(stage: Stage) -> None:
    stage.ask("Dana resumes", commands.ResumeCampaign(campaign_id=CAMPAIGN))
