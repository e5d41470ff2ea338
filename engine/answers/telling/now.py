"""Why is a recipient held, why is nothing sent, and what is at stake now?"""

from collections.abc import Iterator
from typing import Any

from engine.answers.recipient_case import Case, Trouble, last
from engine.answers.telling.incident import cure, opening
from engine.answers.telling.sentence import Section, Sentence, by, people, when
from events.campaign import (
    AutoReplyReceived,
    CampaignCreated,
    CampaignFinished,
    CampaignPaused,
    CampaignReopened,
    CampaignResumed,
    CampaignStarted,
    RecipientEnded,
    SenderRemoved,
)
from events.recorded import Recorded
from events.vocabulary import CampaignStatus, Mode, RecipientStatus


def status(case: Case) -> Sentence:
    """The answer about one who is not stopped."""
    answer, over = case.answer, case.last(RecipientEnded)
    who, where = answer.recipient_id, answer.campaign_id
    if over is not None:
        since = when(over.event.occurred_at)
        text = f"{who} is {way_it_ended(over)} in {where} since {since}: nothing more is sent."
        return Sentence(Section.ANSWER, over, text)
    sender = f" It hears from {case.sender} only." if answer.sender_fixed else ""
    match answer.status:
        case RecipientStatus.HELD:
            text = f"{who} is held in {where}: it was written to, and waits.{sender}"
        case RecipientStatus.PENDING:
            text = f"{who} is pending in {where}: no email yet."
        case _:
            text = f"{who} is active in {where}: it was written to and is in its sequence.{sender}"
    return Sentence(Section.ANSWER, case.own[-1], text)


def way_it_ended(recorded: Recorded) -> str:
    """``replied``, ``bounced``, ``unsubscribed``, ``finished`` or ``failed``."""
    return type(recorded.event).__name__.removeprefix("Recipient").lower()


def now(case: Case) -> Iterator[Sentence]:
    """Why it is held, why nothing is sent, what is at stake."""
    if case.last(RecipientEnded) is not None:
        return
    yield from _why_held(case)
    yield from _why_not_sending(case)
    for trouble in case.troubles:
        if trouble.running:
            yield _at_stake(case, trouble)


def _why_held(case: Case) -> Iterator[Sentence]:
    away = case.last(AutoReplyReceived)
    if away is not None and case.answer.held_until is not None:
        until = when(case.answer.held_until)
        text = f"An automatic answer says the person is away: nothing is sent before {until}."
        yield Sentence(Section.NOW, away, text)
    if not case.sender_works and case.troubles:
        trouble = case.troubles[-1]
        text = f"{case.sender} does not work: nothing is sent through it. {opening(trouble)}"
        yield Sentence(Section.NOW, trouble.opened, text)
    removed = _removed(case)
    if removed is not None:
        text = (
            f"{case.sender} is not in FROM EMAIL of {case.answer.campaign_id}; whom it has written "
            "to waits until it is added again."
        )
        yield Sentence(Section.NOW, removed, text)


def _removed(case: Case) -> Recorded | None:
    if case.campaign.mode is not Mode.ROTATION or case.sender in case.campaign.from_email:
        return None
    return last(case.about_campaign, SenderRemoved, account_id=case.sender)


def _why_not_sending(case: Case) -> Iterator[Sentence]:
    name = case.answer.campaign_id
    match case.campaign.status:
        case CampaignStatus.DRAFT:
            yield _about(case, f"{name} was never started: nothing is sent.", CampaignCreated)
        case CampaignStatus.FINISHED:
            yield _about(case, f"{name} is finished: nothing is sent.", CampaignFinished)
        case CampaignStatus.PAUSED:
            yield from _paused(case)
        case CampaignStatus.RUNNING:
            text = f"{name} runs; sends follow its schedule and the speed limits."
            yield _about(case, text, CampaignStarted, CampaignResumed, CampaignReopened)


def _about(case: Case, text: str, *kinds: type[Any]) -> Sentence:
    found = last(case.about_campaign, *kinds)
    assert found is not None
    return Sentence(Section.NOW, found, text)


def _paused(case: Case) -> Iterator[Sentence]:
    name, causes = case.answer.campaign_id, case.campaign.pause_causes
    for cause in causes:
        paused = last(case.about_campaign, CampaignPaused, cause=cause)
        assert paused is not None
        yield Sentence(
            Section.NOW, paused, f"{name} is paused: nothing is sent. {_cause(paused, cause)}"
        )
    if not causes:
        found = last(case.about_campaign, CampaignPaused)
        assert found is not None
        text = f"{name} is paused and nothing keeps it any more: it waits for a user to resume it."
        yield Sentence(Section.NOW, found, text)


def _cause(paused: Recorded, cause: str) -> str:
    at = when(paused.event.occurred_at)
    account = cause.removeprefix("connection:")
    if account == cause:
        return f"It was paused on {at} {by(paused.envelope)}; a user has to resume it."
    return f"It was paused on {at} because of {account}; a user has to resume it after the cure."


def _at_stake(case: Case, trouble: Trouble) -> Sentence:
    assert trouble.clock is not None
    clock: Any = trouble.clock.event
    who, deadline = case.answer.recipient_id, when(trouble.deadline)
    if case.now > trouble.deadline:
        lapsed = f"The deadline {deadline} has passed and no worker has settled it yet: run serve."
        return Sentence(Section.NOW, trouble.clock, lapsed)
    fate = "will be Campaign Stopped, for good" if case.answer.sender_fixed else "will be released"
    return Sentence(
        Section.NOW,
        trouble.clock,
        f"A clock runs until {deadline}: after it {who} {fate}. It can be avoided "
        f"{cure(trouble, case.answer.campaign_id)}. When it began, {people(clock.at_stake)} of "
        f"{case.answer.campaign_id} were at stake.",
    )
