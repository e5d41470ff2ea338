"""Act one: two mailboxes are connected, people imported, a rotation campaign started."""

from pathlib import Path

from adapters.csv.recipients_csv import RejectedLine, read_recipients
from adapters.demo.cast import ANN, BEN, CAMPAIGN, SENDERS, WORKSPACE, Sender
from adapters.demo.stage import Stage
from aggregates.campaign.commands import (
    AssignRecipient,
    CreateCampaign,
    ImportRecipients,
    StartCampaign,
)
from aggregates.email_account.commands import ConnectAccount
from engine.work.ports import Person
from events.vocabulary import Mode, RecipientId

PLANNED = 200
"""How many first emails are planned for the day, alternating: soft assignments (M1)."""


def open_campaign(stage: Stage, recipients: Path) -> list[RecipientId]:
    """Answers the campaign's recipients in the order of the file."""
    for sender in SENDERS:
        stage.server.open_mailbox(sender.account_id, sender.password)
        connect(stage, sender)
    stage.ask_aloud(
        f"{CAMPAIGN} is created: an Inbox Rotation over both",
        CreateCampaign(
            campaign_id=CAMPAIGN,
            mode=Mode.ROTATION,
            account_ids=(ANN.account_id, BEN.account_id),
        ),
    )
    recipient_ids = _import(stage, recipients)
    stage.ask_aloud(f"{CAMPAIGN} is started", StartCampaign(campaign_id=CAMPAIGN))
    plan(stage, recipient_ids[:PLANNED])
    stage.breathe()
    return recipient_ids


def connect(stage: Stage, sender: Sender) -> None:
    report = stage.server.check(sender.account_id, sender.password)
    stages = ", ".join(report.passed)
    stage.ask_aloud(
        f"{sender.account_id} is connected in {sender.slot_id} (checked: {stages})",
        ConnectAccount(
            account_id=sender.account_id,
            slot_id=sender.slot_id,
            provider="simulated",
            settings=sender.settings,
            report=report,
            credentials=sender.credentials,
        ),
    )


def plan(stage: Stage, recipient_ids: list[RecipientId]) -> None:
    for number, recipient_id in enumerate(recipient_ids):
        sender = SENDERS[number % len(SENDERS)]
        stage.ask(
            AssignRecipient(
                campaign_id=CAMPAIGN, recipient_id=recipient_id, account_id=sender.account_id
            )
        )


def _import(stage: Stage, path: Path) -> list[RecipientId]:
    lines = list(read_recipients(path))
    people = [line for line in lines if isinstance(line, Person)]
    for line in lines:
        if isinstance(line, RejectedLine):
            stage.tell(f"{path.name}, line {line.line}: {line.column} {line.problem}", "yellow")
    recipient_ids = stage.directory.enrol(WORKSPACE, people)
    stage.ask_aloud(
        f"{len(people)} recipients are imported from {path.name}; events know them by id only",
        ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=tuple(recipient_ids)),
    )
    return recipient_ids
