"""Act four: who heard from Ann is stopped for good, the rest go on with Ben (S3, S4, P2)."""

from collections import deque

from adapters.demo.cast import BEN, CAMPAIGN
from adapters.demo.rounds import INBOX_EVERY, send_rounds
from adapters.demo.stage import Stage
from aggregates.campaign.commands import ImportRecipients, ResumeCampaign
from engine.answers.workspace_answers import Answers
from events.vocabulary import RecipientId, RecipientStatus

SPARE_ROUNDS = INBOX_EVERY
"""For messages that a server wants to see twice."""


def go_on(stage: Stage, recipient_ids: list[RecipientId]) -> None:
    answers = stage.settle()
    _import_again(stage, answers)
    stage.ask_aloud("Dana resumes", ResumeCampaign(campaign_id=CAMPAIGN))
    stage.breathe()
    queue = deque(_to_write(answers, recipient_ids))
    first = sum(step == 1 for _, step in queue)
    stage.tell(
        f"{BEN.account_id} takes the {first} who heard from nobody yet, "
        f"and follows up {len(queue) - first} of his own"
    )
    send_rounds(stage, {BEN: queue}, rounds=len(queue) + SPARE_ROUNDS, seconds=3)
    stage.settle()


def _import_again(stage: Stage, answers: Answers) -> None:
    stopped = next(answers.recipients(CAMPAIGN, status=RecipientStatus.CAMPAIGN_STOPPED))
    stage.ask_aloud(
        "Dana imports a stopped recipient again",
        ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=(stopped.recipient_id,)),
    )
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
