"""Why does this recipient stand where it stands? The whole case, to be read out (F3)."""

from collections.abc import Iterator
from typing import Any

from engine.answers.recipient_case import Case, Trouble
from engine.answers.telling import incident
from engine.answers.telling.now import now, status, way_it_ended
from engine.answers.telling.sentence import Section, Sentence, by, counted, late, when
from events.campaign import (
    AssignmentReleased,
    AutoReplyReceived,
    CampaignPaused,
    CampaignResumed,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    HoldEnded,
    LateSignalRecorded,
    RecipientAdded,
    RecipientAssigned,
    RecipientEnded,
    RecipientImportRefused,
    RecipientStopped,
    SenderRemoved,
    SendReserved,
    SentFolderSearched,
)
from events.email_account import ConnectionFailed
from events.recorded import Recorded

SECTIONS = {section: number for number, section in enumerate(Section)}


def explained(case: Case) -> list[Sentence]:
    """Section by section, and in each by position."""
    sentences = [*_own(case), *_senders(case)]
    for trouble in case.troubles:
        sentences += incident.course(trouble, case.campaign.campaign_id)
        sentences += incident.told(trouble)
        sentences += incident.tried(trouble, case.campaign.campaign_id)
    if case.stop is not None:
        sentences += _stopped(case, case.stop)
    else:
        sentences += [status(case), *now(case)]
    return sorted(sentences, key=lambda each: (SECTIONS[each.section], each.rests_on.position))


def _stopped(case: Case, stop: Recorded) -> Iterator[Sentence]:
    event: Any = stop.event
    who, campaign = event.recipient_id, event.campaign_id
    last = _of_the_stop(case, event.incident_id)
    failed = last is not None and isinstance(last.opened.event, ConnectionFailed)
    why = (
        "failed and was not repaired in time"
        if failed
        else f"was disconnected and not back in FROM EMAIL of {campaign} in time"
    )
    yield Sentence(
        Section.ANSWER,
        stop,
        f"{who} is Campaign Stopped in {campaign}, for good, since {when(event.occurred_at)}, "
        f"because {event.account_id} {why}. Another campaign is free to take the person."
        f"{late(stop)}",
    )
    if stop.envelope.command != "ExpireClock":
        yield _stopped_in_flight(case, stop)
    for trouble in case.troubles:
        if trouble.clock is not None:
            yield incident.avoidable(trouble, campaign)


def _of_the_stop(case: Case, incident_id: str) -> Trouble | None:
    for trouble in case.troubles:
        opened: Any = trouble.opened.event
        if opened.incident_id == incident_id:
            return trouble
    return None


def _stopped_in_flight(case: Case, stop: Recorded) -> Sentence:
    """S8: it was on its way when the clock ran out."""
    reserved = case.last(SendReserved)
    since = f", since {when(reserved.event.occurred_at)}" if reserved else ""
    return Sentence(
        Section.HAPPENED,
        stop,
        f"The message was already on its way when the clock ran out{since}. When its outcome "
        f"came in, on {when(stop.event.occurred_at)}, the recipient was stopped under the same "
        "incident.",
    )


def _own(case: Case) -> Iterator[Sentence]:
    """What happened to the recipient alone; the emails in one sentence."""
    emails = [each for each in case.own if isinstance(each.event, EmailAccepted)]
    for each in case.own:
        text = _about(each)
        if each.position in {email.position for email in emails[1:-1]}:
            continue
        if len(emails) > 2 and each is emails[-1]:
            text += f" It was the last of {counted(len(emails), 'email')}."
        if text:
            yield Sentence(Section.HAPPENED, each, text)


def _about(recorded: Recorded) -> str:  # noqa: C901, PLR0912 one sentence a fact
    event: Any = recorded.event
    at = when(event.occurred_at)
    match event:
        case RecipientAdded():
            return f"On {at} {event.recipient_id} joined {event.campaign_id}, {_who(recorded)}."
        case RecipientAssigned():
            return f"On {at} it was assigned to {event.account_id}, for the time being."
        case AssignmentReleased():
            return f"On {at} {event.account_id} gave it up; any sender may take it."
        case EmailAccepted():
            return f"On {at} the mail server took an email from {event.account_id}."
        case EmailOutcomeUnknown():
            return (
                f"On {at} an email from {event.account_id} went out with an unknown outcome, "
                "which counts as received."
            )
        case EmailRefused():
            return f"On {at} an email from {event.account_id} was refused ({event.fault})."
        case SentFolderSearched():
            found = "found" if event.found else "not found"
            return f"On {at} the Sent folder was searched for that email: {found}."
        case AutoReplyReceived():
            held = f", away until {when(event.held_until)}" if event.held_until else ""
            return f"On {at} an automatic answer came{held}."
        case HoldEnded():
            return f"On {at} the date of the automatic answer had come."
        case LateSignalRecorded():
            return f"On {at} it was told to be {event.signal}, which changed nothing any more."
        case RecipientImportRefused():
            return f"On {at} it was imported again and not taken: the stop stands."
        case RecipientEnded():
            return f"On {at} it ended: {way_it_ended(recorded)}."
        case SendReserved() | RecipientStopped():
            return ""
        case _:
            raise TypeError(f"no sentence for {type(event).__name__}")


def _who(recorded: Recorded) -> str:
    return by(recorded.envelope)


def _senders(case: Case) -> Iterator[Sentence]:
    """What a person or the trouble did to the campaign, as far as this recipient is concerned."""
    trouble = f"connection:{case.sender}"
    since = case.own[0].position if case.own else 0
    for each in case.about_campaign:
        event: Any = each.event
        at = when(event.occurred_at)
        if each.position < since or _after_the_end(case, each):
            continue
        match event:
            case SenderRemoved() if event.account_id == case.sender:
                how = "with its disconnect" if event.incident_id else _who(each)
                text = f"On {at} {event.account_id} left FROM EMAIL {how}; {event.held} were held."
            case CampaignPaused(cause=cause) if cause == trouble:
                text = f"On {at} {event.campaign_id} was paused because of {case.sender}."
            case CampaignResumed(given_up=given) if any(
                one.account_id == case.sender for one in given
            ):
                (one,) = (one for one in given if one.account_id == case.sender)
                text = (
                    f"On {at} {event.campaign_id} was resumed without {case.sender} {_who(each)}, "
                    f"with {one.at_stake} at stake until {when(one.deadline_at)} before their eyes."
                )
            case _:
                continue
        yield Sentence(Section.HAPPENED, each, text)


def _after_the_end(case: Case, recorded: Recorded) -> bool:
    return case.stop is not None and recorded.position > case.stop.position
