"""When the campaign lets a recipient's next message leave, and why not before (M2-M5).

The account, its inbox and other campaigns have further conditions: the account's own limits are in
``aggregates.email_account.pace``.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from aggregates.calendar import day_of, next_day, next_open
from aggregates.campaign.state import Campaign, Recipient, next_step
from aggregates.waiting import Constraint, NotBefore
from events.sequence import MailSequence, Step
from events.vocabulary import CampaignStatus, RecipientId, Waiting

LAST_DELAY = timedelta(days=3)
"""How long a sequence with only one step waits for an answer."""


def message_key(sequence: MailSequence, recipient_id: RecipientId, step: str) -> str:
    """M2: the left part of the Message-ID, the same for the same message in any copy of the store.

    32 hexadecimal digits, derived only from random ids, so they identify nobody.
    """
    about = f"{sequence.mail_id}\x1f{recipient_id}\x1f{step}"
    return blake2b(about.encode(), digest_size=16).hexdigest()


def due_at(recipient: Recipient, step: Step) -> datetime | None:
    """M3: when the step's delay is over; it does not shift with retries. None: at once."""
    progress = recipient.progress
    if progress.last_at is None or progress.again:
        return None
    return progress.last_at + step.after


def finished_at(sequence: MailSequence, recipient: Recipient) -> datetime | None:
    """When the sequence is over for the recipient; None while something remains to be sent."""
    progress = recipient.progress
    if progress.last_at is None or recipient.sending or next_step(sequence, progress):
        return None
    many = len(sequence.steps) > 1
    return progress.last_at + (sequence.steps[-1].after if many else LAST_DELAY)


def obstacle(campaign: Campaign, recipient: Recipient) -> Waiting | None:
    """The reason to wait that only somebody's act can end, if there is one."""
    if campaign.sequence is None or not campaign.sequence.steps:
        return Waiting.NOT_SET_UP
    if campaign.status is not CampaignStatus.RUNNING:
        return Waiting.PAUSED
    if any(each.step and each.answer is None for each in recipient.unknown):
        return Waiting.UNKNOWN
    return None


def constraints(campaign: Campaign, recipient: Recipient, step: Step) -> Sequence[Constraint]:
    """The conditions of the campaign and the recipient, in a campaign with a sequence."""
    sequence = campaign.sequence
    assert sequence is not None

    def delay(at: datetime) -> NotBefore | None:
        return _until(due_at(recipient, step), at, Waiting.DELAY)

    def retry(at: datetime) -> NotBefore | None:
        return _until(recipient.progress.retry_at, at, Waiting.DELAY)

    def hold(at: datetime) -> NotBefore | None:
        return _until(recipient.held_until, at, Waiting.HOLD)

    def window(at: datetime) -> NotBefore | None:
        return _until(next_open(at, sequence.window, sequence.zone), at, Waiting.WINDOW)

    def limit(at: datetime) -> NotBefore | None:
        used = campaign.day_used if day_of(at, sequence.zone) == campaign.day else 0
        if sequence.daily_limit is None or used < sequence.daily_limit:
            return None
        return NotBefore(next_day(at, sequence.zone), Waiting.LIMIT)

    return delay, retry, hold, limit, window


def _until(until: datetime | None, at: datetime, reason: Waiting) -> NotBefore | None:
    return NotBefore(until, reason) if until is not None and at < until else None
