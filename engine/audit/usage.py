"""M2, M3, M8: what an account has sent, counted anew, and what searches of its Sent folder
prove."""

from bisect import bisect_left
from datetime import timedelta

from engine.audit.books import Books, Lost, Person
from engine.audit.pace import is_day, local
from events import email_account as facts
from events.campaign import SentSearched
from events.vocabulary import SearchResult

KEPT = timedelta(days=3)


def counted(books: Books, event: facts.SendCounted) -> None:
    """M3: a message just reserved is counted, within limit and gap, for the day in the account's
    zone."""
    account, at = books.account(event.account_id), event.occurred_at
    settings = account.settings
    if books.uncounted.pop(event.send_id, None) != account.id:
        books.report("M3", f"{event.send_id} was counted, and not reserved just before.")
    day = local(at, settings.zone).date()
    if event.day != day or not is_day(event.day, event.day_began_at, settings.zone):
        books.report("M3", f"It was {day} in {settings.zone}, not {event.day}.")
    sent = account.sent
    used = len(sent) - bisect_left(sent, event.day_began_at) + 1
    too_many = used > event.limit and not books.lost_send
    if used != event.used or too_many or event.limit > settings.sending_speed:
        books.report("M3", f"Message {used} of the day; said to be {event.used} of {event.limit}.")
    too_soon = account.sent_at and at - account.sent_at < event.gap and not books.lost_send
    if event.gap != settings.gap or too_soon:
        books.report("M3", f"{account.id} sent last at {account.sent_at}.")
    if account.throttled_until is not None and at < account.throttled_until and not books.lost_send:
        books.report("M8", f"{account.id} is held until {account.throttled_until}.")
    account.sent_at = at
    del sent[: bisect_left(sent, at - KEPT)]
    sent.append(at)


def uncounted(books: Books, event: facts.SendUncounted) -> None:
    """M3: only a counted message is uncounted."""
    sent = books.account(event.account_id).sent
    place = bisect_left(sent, event.reserved_at)
    if place == len(sent) or sent[place] != event.reserved_at:
        books.report("M3", f"No message was counted at {event.reserved_at}.")
    else:
        del sent[place]


def throttled(books: Books, event: facts.SendingThrottled) -> None:
    """M8: an account is throttled by a refusal for its limit, each time for longer."""
    account = books.account(event.account_id)
    if account.id not in books.to_throttle or event.until <= event.occurred_at:
        books.report("M8", f"{account.id} was throttled without a refusal, or for no time.")
    if event.held_for < account.held_for:
        books.report("M8", f"{account.id} was held for {account.held_for} before.")
    books.to_throttle.discard(account.id)
    account.throttled_until, account.held_for = event.until, event.held_for


def throttling_ended(books: Books, event: facts.ThrottlingEnded) -> None:
    """M8: throttling ends with an accepted message after the hold."""
    account = books.account(event.account_id)
    until = account.throttled_until
    if not account.held_for or (until is not None and event.occurred_at < until):
        books.report("M8", f"{account.id} was not throttled any more, or still is.")
    account.held_for = timedelta()


def search_proved(books: Books, event: facts.SentSearchProved) -> None:
    books.account(event.account_id).search_proved = True


def searched(books: Books, event: SentSearched) -> None:
    """M2: only unknown messages are searched for; absence counts only where searches are proved,
    and late enough."""
    person = books.person(books.campaign(event.campaign_id), event.recipient_id)
    lost = next((each for each in person.unknown if each.send_id == event.send_id), None)
    if lost is None:
        books.report("M2", f"The outcome of {event.send_id} was not unknown.")
        return
    if event.result is not SearchResult.ABSENT:
        answered = lost._replace(answer=event.result)
        person.unknown = tuple(answered if each is lost else each for each in person.unknown)
        return
    after, waited = event.search_after, event.occurred_at - lost.reserved_at
    proved = books.account(lost.account_id).search_proved
    if lost.answer is not None or not proved or after is None or waited < after:
        books.report("M2", f"Nothing proves that {event.send_id} was not sent.")
    person.unknown = tuple(each for each in person.unknown if each is not lost)
    _was_not_sent(person, lost)


def _was_not_sent(person: Person, lost: Lost) -> None:
    progress = person.progress
    if progress is not None and lost.step in progress.done:
        progress.done.remove(lost.step)
        progress.again = True
        progress.tries, progress.first_tried_at = lost.tries, lost.first_tried_at
