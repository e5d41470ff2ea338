"""Why does this recipient have this status? The whole case, in sentences (F3)."""

from collections.abc import Iterator

from engine.answers.recipient_case import Case
from engine.answers.telling import incident
from engine.answers.telling.facts import happened
from engine.answers.telling.now import now, status
from engine.answers.telling.reader import ANYBODY, Reader
from engine.answers.telling.sentence import Section, Sentence, late
from engine.answers.telling.words import counted
from events import campaign as facts
from events.base import Event
from events.recorded import Recorded

SECTIONS = {section: number for number, section in enumerate(Section)}
SAID_ELSEWHERE = (facts.SendReserved, facts.RecipientStopped)
"""Facts that are reported elsewhere: a reservation by its outcome, the stop in the answer."""


def explained(case: Case, reader: Reader = ANYBODY) -> list[Sentence]:
    """The sentences, section by section, and within a section by position."""
    sentences = [*_own(case, reader), *_senders(case, reader)]
    for trouble in case.troubles:
        sentences += incident.course(trouble, case.recorded_until, reader)
        sentences += incident.told(trouble, reader)
        sentences += incident.tried(trouble, case.campaign.campaign_id, reader)
    if case.stop is not None:
        sentences += _stopped(case, case.stop, reader)
    else:
        sentences += [status(case, reader), *now(case, reader)]
    return sorted(sentences, key=lambda each: (SECTIONS[each.section], each.rests_on.position))


def _stopped(case: Case, stop: Recorded, reader: Reader) -> Iterator[Sentence]:
    free = "Another campaign is free to take the person."
    text = f"{happened(stop, reader)} {free}{late(stop, reader, case.recorded_until)}"
    yield Sentence(Section.ANSWER, stop, text)
    if stop.envelope.command != "ExpireClock":
        yield _stopped_in_flight(case, stop, reader)
    for trouble in case.troubles:
        if trouble.started is not None:
            yield incident.avoidable(trouble, case.campaign.campaign_id, reader)


def _stopped_in_flight(case: Case, stop: Recorded, reader: Reader) -> Sentence:
    """S8: a message was on its way when the clock ran out."""
    reserved = case.last(facts.SendReserved)
    since = f", since {reader.when(reserved.event.occurred_at)}" if reserved else ""
    return Sentence(
        Section.HAPPENED,
        stop,
        f"A message was already on its way when the clock ran out{since}. When its outcome was "
        f"known, on {reader.when(stop.event.occurred_at)}, the recipient was stopped under the "
        "same incident.",
    )


def _own(case: Case, reader: Reader) -> Iterator[Sentence]:
    """What happened to the recipient alone; of several emails only the first and the last."""
    emails = [each for each in case.own if isinstance(each.event, facts.EmailAccepted)]
    between = {email.position for email in emails[1:-1]}
    for each in case.own:
        if each.position in between or isinstance(each.event, SAID_ELSEWHERE):
            continue
        text = happened(each, reader)
        if between and each is emails[-1]:
            text += f" It was the last of {counted(len(emails), 'email')}."
        yield Sentence(Section.HAPPENED, each, text)


def _senders(case: Case, reader: Reader) -> Iterator[Sentence]:
    """What users or the trouble did to the campaign, as far as it concerns this recipient."""
    since = case.own[0].position if case.own else 0
    until = case.stop.position if case.stop else case.about_campaign[-1].position
    for each in case.about_campaign:
        if since <= each.position <= until and _concerns(each.event, case.sender):
            yield Sentence(Section.HAPPENED, each, happened(each, reader))


def _concerns(event: Event, sender: str | None) -> bool:
    match event:
        case facts.SenderRemoved():
            return event.account_id == sender
        case facts.CampaignPaused():
            return event.cause == f"connection:{sender}"
        case facts.CampaignResumed():
            return any(each.account_id == sender for each in event.given_up)
        case _:
            return False
