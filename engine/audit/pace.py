"""M2-M4, M7, M8: planned messages, checked against what the facts themselves say."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from engine.audit.books import Books, Campaign, Person, Progress
from events.campaign import (
    EmailRefused,
    RecipientFinished,
    RecipientMigrated,
    SendReserved,
    SequenceSet,
)
from events.sequence import MailSequence, Step, Window
from events.vocabulary import CampaignStatus, RefusalFault, Zone

DAY = timedelta(days=1)
UNDER_WAY = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def sequence_set(books: Books, event: SequenceSet) -> None:
    """M2, M3: the zone, and the id from which Message-IDs derive, never change."""
    campaign, told = books.campaign(event.campaign_id), event.sequence
    before = campaign.sequence
    if before is not None and (before.mail_id, before.zone) != (told.mail_id, told.zone):
        books.report("M2", f"The zone or the mail id of {campaign.id} changed.")
    if campaign.mail_id not in (None, told.mail_id):
        books.report("M2", f"{campaign.id} was created with another mail id.")
    campaign.sequence = told


def reserved(books: Books, campaign: Campaign, person: Person, event: SendReserved) -> None:
    """A reservation names a step of the sequence; an unplanned message has none."""
    if event.step is None:
        return
    sequence, name = campaign.sequence, event.recipient_id
    if sequence is None:
        books.report("M3", f"{campaign.id} has no sequence, and sends {event.step}.")
        return
    progress = person.progress = person.progress or Progress()
    step = _next(sequence, progress)
    if step is None or step.name != event.step:
        books.report("M2", f"{event.step} is not the next step of {name}.")
    elif _too_early(progress, step, event.occurred_at):
        books.report("M3", f"{event.step} to {name} left before its delay was over.")
    if event.send_id != message_id(sequence, name, event.step or ""):
        books.report("M2", f"{event.send_id} is not the id of {event.step} to {name}.")
    if any(each.step and each.answer is None for each in person.unknown):
        books.report("M2", f"An earlier message to {name} is unknown and was not searched for.")
    if progress.retry_at is not None and event.occurred_at < progress.retry_at:
        books.report("M8", f"{name} was not to be tried again before {progress.retry_at}.")
    _others(books, campaign, person, event)
    _inbox(books, person, event)
    _time(books, campaign, sequence, event)
    progress.step, progress.day = event.step, event.day
    books.uncounted[event.send_id] = event.account_id


def lost(books: Books, campaign: Campaign, person: Person, event: SendReserved) -> None:
    """M6: a lost send is of the next step, and counts for today."""
    progress = person.progress = person.progress or Progress()
    step = _next(campaign.sequence, progress) if campaign.sequence else None
    if step is None or step.name != event.step:
        books.report("M2", f"{event.step} is not the next step of {event.recipient_id}.")
    campaign.day_used = campaign.day_used + 1 if event.day == campaign.day else 1
    campaign.day = progress.day = event.day
    progress.step = event.step
    books.uncounted[event.send_id] = event.account_id


def migrated(books: Books, campaign: Campaign, person: Person, event: RecipientMigrated) -> None:
    """M2: steps received from another program are not messages of ours, so they count for no
    day."""
    steps = campaign.sequence.steps if campaign.sequence else ()
    done = [each.name for each in steps[: len(event.steps)]]
    if not done or done != list(event.steps):
        books.report("M2", f"{', '.join(event.steps)} are not the first steps of {campaign.id}.")
    person.progress = Progress(done=list(event.steps), last_at=event.received_at)
    campaign.sends += len(event.steps)


def _too_early(progress: Progress, step: Step, at: datetime) -> bool:
    last = progress.last_at
    return last is not None and not progress.again and at < last + step.after


def message_id(sequence: MailSequence, recipient_id: str, step: str) -> str:
    """The left part of the Message-ID, derived in the way that never changes (M2)."""
    parts = sequence.mail_id, recipient_id, step
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def received(campaign: Campaign, progress: Progress, at: datetime) -> None:
    assert progress.step is not None
    progress.done.append(progress.step)
    progress.step, progress.last_at, progress.again = None, at, False
    progress.tries, progress.first_tried_at, progress.retry_at = 0, None, None
    campaign.sends += 1


def refused(books: Books, campaign: Campaign, person: Person, event: EmailRefused) -> None:
    """M3: a refused send uses up no limit; M8: tries are counted, and the last one ends the
    recipient."""
    progress = person.progress
    assert progress is not None
    if event.reserved_at != person.reserved_at:
        books.report("M3", f"{event.send_id} was reserved at {person.reserved_at}.")
    campaign.day_used -= progress.day == campaign.day
    campaign.sends += event.fault is RefusalFault.RECIPIENT
    progress.step = None
    if event.fault is RefusalFault.LIMIT:
        books.to_throttle.add(event.account_id)
    if event.fault is RefusalFault.TEMPORARY and not person.ended:
        _count_try(books, person, progress, event)


def _count_try(books: Books, person: Person, progress: Progress, event: EmailRefused) -> None:
    progress.tries += 1
    first = progress.first_tried_at = progress.first_tried_at or person.reserved_at
    if event.tries != progress.tries or event.most_tries is None or event.tries_span is None:
        books.report("M8", f"It is try {progress.tries} of {event.send_id}, not {event.tries}.")
        return
    late = first is not None and event.occurred_at - first >= event.tries_span
    over = progress.tries >= event.most_tries or late
    if over != (event.retry_at is None):
        books.report("M8", f"Try {progress.tries} of {event.send_id} is the last: {over}.")
    progress.retry_at = event.retry_at
    if over:
        books.owed.failed = event.recipient_id


def finished(books: Books, campaign: Campaign, person: Person, event: RecipientFinished) -> None:
    """M4: a recipient finishes when the last delay is over, and not before."""
    sequence, progress = campaign.sequence, person.progress
    if sequence is None or progress is None or progress.last_at is None:
        books.report("M4", f"{event.recipient_id} finished without a sequence.")
        return
    wait = sequence.steps[-1].after if len(sequence.steps) > 1 else 3 * DAY
    due = progress.last_at + wait
    if _next(sequence, progress) or person.send_id or event.occurred_at != due:
        books.report("M4", f"{event.recipient_id} was to finish at {due}, after the last step.")


def _next(sequence: MailSequence, progress: Progress) -> Step | None:
    left = list(sequence.steps)
    for place, step in enumerate(sequence.steps):
        if step.name in progress.done:
            left = list(sequence.steps[place + 1 :])
    return left[0] if left else None


def _others(books: Books, campaign: Campaign, person: Person, event: SendReserved) -> None:
    """M7: nothing is sent to suppressed people; an exclusive campaign sends nothing to people
    contacted by another."""
    name = event.recipient_id
    if name in books.suppressed:
        books.report("M7", f"{name} is suppressed, and a message was reserved.")
    if person.emails or campaign.sequence is None or not campaign.sequence.exclusive:
        return
    for other in books.campaigns.values():
        there = other.people.get(name)
        if other is campaign or there is None or there.ended or other.status not in UNDER_WAY:
            continue
        if there.emails or there.send_id is not None:
            books.report("M7", f"{name} hears from {other.id}, and {campaign.id} is exclusive.")


def _inbox(books: Books, person: Person, event: SendReserved) -> None:
    """M4: before a follow-up, the inbox was read recently, and since the reconnection."""
    if not person.emails:
        return
    read, freshness = event.inbox_read_until, event.freshness
    since = books.account(event.account_id).connected_at
    if read is None or freshness is None or read < event.occurred_at - freshness:
        books.report("M4", f"The inbox of {event.account_id} was read until {read}.")
    elif since is not None and read < since:
        books.report("M4", f"The inbox of {event.account_id} was not read since {since}.")


def _time(books: Books, campaign: Campaign, sequence: MailSequence, event: SendReserved) -> None:
    """M3: the campaign's day, limit and window are kept."""
    at = local(event.occurred_at, sequence.zone)
    if event.day != at.date():
        books.report("M3", f"In {sequence.zone} it was {at.date()}, not {event.day}.")
    campaign.day_used = campaign.day_used + 1 if event.day == campaign.day else 1
    campaign.day = event.day
    most = sequence.daily_limit
    if most is not None and campaign.day_used > most:
        books.report("M3", f"Message {campaign.day_used} of {event.day} in {campaign.id}: {most}.")
    if not _covers(sequence.window, at):
        books.report("M3", f"{campaign.id} sends nothing at {at:%a %H:%M} in {sequence.zone}.")


def _covers(window: Window, at: datetime) -> bool:
    told = f"{at:%H:%M}"
    days = [f"{each:%a}".lower() in window.days for each in (at, at - DAY)]
    if at.fold:
        return False
    if window.begins < window.ends:
        return days[0] and window.begins <= told < window.ends
    return (days[0] and told >= window.begins) or (days[1] and told < window.ends)


def local(at: datetime, zone: Zone) -> datetime:
    return at.astimezone(_zone(zone))


@lru_cache(1_000)
def _zone(name: Zone) -> ZoneInfo:
    """The zone; one that does not exist counts as UTC."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_day(day: date, began_at: datetime, zone: Zone) -> bool:
    """Whether the day began at that moment in the zone."""
    just_before = local(began_at - timedelta.resolution, zone)
    return local(began_at, zone).date() == day != just_before.date()
