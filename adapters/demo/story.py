"""The story: two mailboxes, one lost for an hour, the other for good."""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from adapters.composition import recipients_file
from adapters.demo.cast import ANN, BEN, CAMPAIGN, GAP, SENDERS, USER, WORKSPACE, Sender
from adapters.demo.stage import Stage
from aggregates.campaign.commands import (
    AddSender,
    AssignRecipient,
    CreateCampaign,
    ImportRecipients,
    ResumeCampaign,
    StartCampaign,
)
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount
from engine.answers.workspace_answers import Answers
from engine.work.check_connection import UNCHECKED
from engine.work.ports import AccountTrouble, Person, Refused, RejectedLine
from events.vocabulary import (
    ClockOutcome,
    FailureClass,
    Mode,
    RecipientId,
    RecipientStatus,
    RefusalFault,
)
from events.vocabulary import Stage as CheckStage

RECIPIENTS = Path(__file__).parents[2] / "examples" / "recipients.csv"
PLANNED = 200
"""How many first emails are planned for the day, alternating: soft assignments (M1)."""
MORNING, AFTERNOON = 40, 50
"""Rounds of sending."""
INBOX_EVERY = 10
REMINDED, BACK = timedelta(minutes=45), timedelta(minutes=7)
DAY = timedelta(days=1)
A_MOMENT = timedelta(seconds=1)
"""At the deadline itself everything is in time; after it, it is late (S2)."""

Queues = Mapping[Sender, deque[tuple[RecipientId, int]]]
"""For each sender whom to write to next, and which email of the sequence."""


def tell_story(stage: Stage) -> None:
    recipient_ids = open_campaign(stage)
    queues = {
        sender: deque((each, 1) for each in recipient_ids[number : PLANNED : len(SENDERS)])
        for number, sender in enumerate(SENDERS)
    }
    send_rounds(stage, queues, MORNING, seconds=1.5)
    lose_an_hour(stage)
    send_rounds(stage, queues, AFTERNOON, seconds=2)
    fail(stage, queues)
    wait_nine_days(stage)
    go_on(stage, recipient_ids)


def open_campaign(stage: Stage) -> list[RecipientId]:
    """Two mailboxes are connected, people imported, a rotation campaign started. Answers the
    campaign's recipients in the order of the file."""
    for sender in SENDERS:
        stage.server.open_mailbox(sender.account_id, sender.password)
        connect(stage, sender)
    accounts = tuple(sender.account_id for sender in SENDERS)
    stage.ask_aloud(
        f"{CAMPAIGN} is created: an Inbox Rotation over both",
        CreateCampaign(campaign_id=CAMPAIGN, mode=Mode.ROTATION, account_ids=accounts),
    )
    recipient_ids = _import(stage)
    stage.ask_aloud(f"{CAMPAIGN} is started", StartCampaign(campaign_id=CAMPAIGN))
    for number, each in enumerate(recipient_ids[:PLANNED]):
        account = accounts[number % len(accounts)]
        stage.ask(AssignRecipient(campaign_id=CAMPAIGN, recipient_id=each, account_id=account))
    stage.breathe()
    return recipient_ids


def connect(stage: Stage, sender: Sender) -> None:
    wanted = ConnectAccount(
        account_id=sender.account_id,
        slot_id=sender.slot_id,
        provider="simulated",
        settings=sender.settings,
        report=UNCHECKED,
        credentials=sender.mailbox.credentials,
    )
    stages = ", ".join(CheckStage)
    stage.told(
        f"{sender.account_id} is connected in {sender.slot_id} (checked: {stages})",
        stage.checks.connect(wanted, actor=USER),
    )


def send_rounds(stage: Stage, queues: Queues, rounds: int, seconds: float) -> Sender | None:
    """One message per sender, a gap, and now and then a look into the inboxes.

    Answers the sender whose account is in trouble; whom that message was for is next again.
    """
    for number in range(1, rounds + 1):
        for sender, queue in queues.items():
            if queue and not _send_next(stage, sender, queue):
                return sender
        stage.let_pass(GAP, seconds / rounds)
        if number % INBOX_EVERY == 0:
            for sender in queues:
                stage.read_inbox(sender)
    return None


def lose_an_hour(stage: Stage) -> None:
    """An account is disconnected, and brought back within the hour (T2, T4, P3)."""
    stage.ask_aloud(
        f"Dana disconnects {BEN.account_id}: one hour runs",
        DisconnectAccount(account_id=BEN.account_id),
    )
    stage.settle()
    stage.breathe()
    _resume(stage)
    stage.let_pass(REMINDED, seconds=3)
    stage.settle()
    stage.let_pass(BACK, seconds=0.5)
    connect(stage, BEN)
    stage.ask_aloud(
        f"Dana adds {BEN.account_id} to FROM EMAIL again, in time",
        AddSender(campaign_id=CAMPAIGN, account_id=BEN.account_id),
    )
    stage.settle()
    _resume(stage)


def fail(stage: Stage, queues: Queues) -> None:
    """Ann's login is refused: a send finds out, then a check; One-Click is in vain (C2, R2)."""
    stage.server.refuse_login(ANN.account_id, FailureClass.AUTH_REVOKED)
    if send_rounds(stage, queues, rounds=1, seconds=0.1) is ANN:
        stage.tell(f"The mail server refuses {ANN.account_id} in the middle of sending", "red")
    stage.checks.in_background(ANN.mailbox)
    row = stage.settle().accounts[ANN.account_id]
    stage.tell(f"A background check fails: {row.reason} Nine days run", "red")
    stage.breathe()
    _resume(stage)
    stage.told(
        f"Dana tries One-Click Reconnect of {ANN.account_id}",
        stage.checks.reconnect(ANN.mailbox, actor=USER),
    )
    stage.breathe()


def wait_nine_days(stage: Stage) -> None:
    """Ben's inbox is read every day; Ann's cannot be (S1-S3, N1)."""
    failed_at = stage.settle().accounts[ANN.account_id].since
    assert failed_at is not None
    for day in range(1, 10):
        stage.reach(failed_at + day * DAY, seconds=0.9)
        stage.read_inbox(BEN)
        for clock in stage.settle().clocks():
            if clock.outcome is ClockOutcome.RUNNING:
                at_stake = f"{clock.at_stake} recipients of {clock.account_id} are at stake"
                stage.tell(f"Day {day}: {at_stake}", "yellow")
    stage.let_pass(A_MOMENT, seconds=0.1)
    stage.settle()
    stage.breathe()


def go_on(stage: Stage, recipient_ids: list[RecipientId]) -> None:
    """Who heard from Ann is stopped for good, the rest go on with Ben (S3, S4, P2)."""
    answers = stage.settle()
    stopped = next(answers.recipients(CAMPAIGN, status=RecipientStatus.CAMPAIGN_STOPPED))
    stage.ask_aloud(
        "Dana imports a stopped recipient again",
        ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=(stopped.recipient_id,)),
    )
    stage.breathe()
    _resume(stage)
    queue = deque(_to_write(answers, recipient_ids))
    first = sum(step == 1 for _, step in queue)
    stage.tell(
        f"{BEN.account_id} takes the {first} who heard from nobody yet, "
        f"and follows up {len(queue) - first} of his own"
    )
    spare = INBOX_EVERY  # for messages that a server wants to see twice
    send_rounds(stage, {BEN: queue}, rounds=len(queue) + spare, seconds=3)
    stage.settle()


def _import(stage: Stage) -> list[RecipientId]:
    def reject(line: RejectedLine) -> None:
        stage.tell(f"{RECIPIENTS.name}, line {line.line}: {line.column} {line.problem}", "yellow")

    people = recipients_file(RECIPIENTS, {})
    done = stage.importing(reject).run(people)
    stage.tell(
        f"{done.taken} recipients are imported from {RECIPIENTS.name}; events know them by id only"
    )
    addresses = [found.address for _, found in people.lines() if isinstance(found, Person)]
    found = [stage.directory.recipient_at(WORKSPACE, address) for address in addresses]
    return [each for each in found if each is not None]


def _send_next(stage: Stage, sender: Sender, queue: deque[tuple[RecipientId, int]]) -> bool:
    """False when the account is in trouble. Whose refusal may pass comes again at the end."""
    recipient_id, step = queue[0]
    became = stage.send(sender, recipient_id, step)
    if isinstance(became, AccountTrouble):
        return False
    queue.popleft()
    if became == Refused(RefusalFault.TEMPORARY):
        queue.append((recipient_id, step))
    return True


def _resume(stage: Stage) -> None:
    stage.ask_aloud("Dana resumes", ResumeCampaign(campaign_id=CAMPAIGN))
    stage.breathe()


def _to_write(answers: Answers, recipient_ids: list[RecipientId]) -> list[tuple[RecipientId, int]]:
    """First emails before follow-ups, each in the order of the import."""
    rows = {row.recipient_id: row for row in answers.recipients(CAMPAIGN)}
    pending = [(each, 1) for each in recipient_ids if rows[each].status is RecipientStatus.PENDING]
    bens = [
        (each, 2)
        for each in recipient_ids
        if rows[each].sender == BEN.account_id
        and rows[each].emails_received
        and rows[each].status is RecipientStatus.ACTIVE
    ]
    return pending + bens
