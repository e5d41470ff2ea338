"""Why is a recipient held, why is nothing sent, and what is at stake now?"""

from collections.abc import Iterator

from engine.answers.recipient_case import Case, Trouble, last
from engine.answers.telling.facts import happened
from engine.answers.telling.incident import cure
from engine.answers.telling.reader import Reader
from engine.answers.telling.sentence import Section, Sentence
from engine.answers.telling.waiting import why_waits
from engine.answers.telling.words import PAUSED_BY_BOUNCES, PAUSED_BY_USER, account_of, people
from events import campaign as facts
from events.base import Event
from events.recorded import Recorded
from events.vocabulary import CampaignStatus, Mode, RecipientStatus, Waiting


def status(case: Case, reader: Reader) -> Sentence:
    """The status of a recipient who is not stopped."""
    answer, over = case.answer, case.last(facts.RecipientEnded)
    if over is not None:
        text = f"{happened(over, reader)} Nothing more is sent in {answer.campaign_id}."
        return Sentence(Section.ANSWER, over, text)
    who, where = reader.person(answer.recipient_id), answer.campaign_id
    sender = f" {who} hears from {case.sender} only." if answer.sender_fixed else ""
    match answer.status:
        case RecipientStatus.HELD:
            text = f"{who} is held in {where}: contacted before, and waiting.{sender}"
        case RecipientStatus.PENDING:
            text = f"{who} is pending in {where}: no email yet."
        case _:
            text = f"{who} is active in {where}: contacted, and in the sequence.{sender}"
    return Sentence(Section.ANSWER, case.own[-1], text)


def now(case: Case, reader: Reader) -> Iterator[Sentence]:
    """Why the recipient is held, why nothing is sent, what is at stake."""
    if case.last(facts.RecipientEnded) is not None:
        return
    yield from _why_held(case, reader)
    yield from _why_not_sending(case, reader)
    if case.waits is not None and case.waits.reason is not Waiting.PAUSED:
        who, (at, reason) = reader.person(case.answer.recipient_id), case.waits
        text = f"Nothing is sent to {who} now: {why_waits(reason, at, case.now, reader)}."
        yield Sentence(Section.NOW, case.own[-1], text)
    for trouble in case.troubles:
        if trouble.running:
            yield _at_stake(case, trouble, reader)


def _why_held(case: Case, reader: Reader) -> Iterator[Sentence]:
    away = case.last(facts.AutoReplyReceived)
    if away is not None and case.answer.held_until is not None:
        until = reader.when(case.answer.held_until)
        text = f"An automatic reply says the person is away: nothing is sent before {until}."
        yield Sentence(Section.NOW, away, text)
    if not case.sender_works and case.troubles:
        opened = case.troubles[-1].opened
        text = f"Nothing is sent from {case.sender}. {happened(opened, reader)}"
        yield Sentence(Section.NOW, opened, text)
    removed = _removed(case)
    if removed is not None:
        text = (
            f"{case.sender} is not in FROM EMAIL of {case.answer.campaign_id}; whoever has heard "
            "from it waits until it is added again."
        )
        yield Sentence(Section.NOW, removed, text)


def _removed(case: Case) -> Recorded | None:
    if case.campaign.mode is not Mode.ROTATION or case.sender in case.campaign.from_email:
        return None
    return last(case.about_campaign, facts.SenderRemoved, account_id=case.sender)


def _why_not_sending(case: Case, reader: Reader) -> Iterator[Sentence]:
    name = case.answer.campaign_id
    match case.campaign.status:
        case CampaignStatus.DRAFT:
            yield _about(case, f"{name} was never started: nothing is sent.", facts.CampaignCreated)
        case CampaignStatus.FINISHED:
            yield _about(case, f"{name} is finished: nothing is sent.", facts.CampaignFinished)
        case CampaignStatus.PAUSED:
            yield from _paused(case, reader)
        case CampaignStatus.RUNNING:
            text = f"{name} is running; emails go out by its schedule and the speed limits."
            yield _about(
                case, text, facts.CampaignStarted, facts.CampaignResumed, facts.CampaignReopened
            )


def _about(case: Case, text: str, *kinds: type[Event]) -> Sentence:
    found = last(case.about_campaign, *kinds)
    assert found is not None
    return Sentence(Section.NOW, found, text)


def _paused(case: Case, reader: Reader) -> Iterator[Sentence]:
    name, causes = case.answer.campaign_id, case.campaign.pause_causes
    for cause in causes:
        paused = last(case.about_campaign, facts.CampaignPaused, cause=cause)
        assert paused is not None
        by_account = cause not in (PAUSED_BY_USER, PAUSED_BY_BOUNCES)
        cured = f" once {account_of(cause)} is repaired" if by_account else ""
        text = (
            f"{name} is paused: nothing is sent. {happened(paused, reader)} "
            f"A user has to resume it{cured}."
        )
        yield Sentence(Section.NOW, paused, text)
    if not causes:
        text = f"{name} is paused, and nothing keeps it paused: it waits for a user to resume it."
        yield _about(case, text, facts.CampaignPaused)


def _at_stake(case: Case, trouble: Trouble, reader: Reader) -> Sentence:
    who, deadline = reader.person(case.answer.recipient_id), reader.when(trouble.deadline)
    assert trouble.started is not None
    if case.now > trouble.deadline:  # C6
        text = (
            f"The deadline {deadline} has passed; the clock still waits for the connection test "
            "that was asked for in time."
        )
        return Sentence(Section.NOW, trouble.started, text)
    fate = "becomes Campaign Stopped, for good" if case.answer.sender_fixed else "is released"
    text = (
        f"A clock runs until {deadline}; after that {who} {fate}. This can be avoided by "
        f"{cure(trouble, case.answer.campaign_id)}. When the clock started, "
        f"{people(trouble.at_stake)} of {case.answer.campaign_id} were at stake."
    )
    return Sentence(Section.NOW, trouble.started, text)
