"""An incident in sentences: how it came, who was told, what was tried, how it could be cured."""

from collections.abc import Iterator
from typing import Any

from engine.answers.recipient_case import Notice, Trouble, chosen
from engine.answers.telling.sentence import (
    Section,
    Sentence,
    by,
    counted,
    lasting,
    late,
    people,
    when,
)
from events.campaign import GracePeriodCured, GracePeriodExpired
from events.email_account import (
    AccountConnected,
    AccountDisconnected,
    CheckFailed,
    CheckPassed,
    ConnectRejected,
    NoticeIssued,
    OneClickReconnected,
    OneClickRejected,
)
from events.recorded import Recorded
from events.vocabulary import Asker, NoticeKind

ENOUGH = 5
"""Checks told one by one; of more only the last, with their number."""
REASONS = {
    "still_failing": "the connection check still failed",
    "insufficient_scope": "full mail access was not granted; the box must be ticked next time",
    "identity_mismatch": "another mailbox answered; that takes a Two-Step Reconnect",
    "configuration_changed": "the mail servers had changed; that takes a Two-Step Reconnect",
}


def course(trouble: Trouble, campaign_id: str) -> Iterator[Sentence]:
    """How it came, how the clock ran, and how it ended."""
    for check in trouble.led_to[-ENOUGH:]:
        yield Sentence(Section.HAPPENED, check, _check(check))
    yield Sentence(Section.HAPPENED, trouble.opened, opening(trouble))
    if trouble.clock is not None:
        clock: Any = trouble.clock.event
        yield Sentence(
            Section.HAPPENED,
            trouble.clock,
            f"With that a clock began in {campaign_id}: it ran until {when(clock.deadline_at)}, "
            f"with {people(clock.at_stake)} at stake.",
        )
    if trouble.ended is not None:
        yield Sentence(Section.HAPPENED, trouble.ended, _end(trouble.ended))
    if trouble.too_late is not None:
        back = trouble.too_late
        yield Sentence(
            Section.HAPPENED,
            back,
            f"Only on {when(back.event.occurred_at)}, after the clock had run out, "
            f"{trouble.account_id} was connected again; that undoes no stop.",
        )


def opening(trouble: Trouble) -> str:
    event: Any = trouble.opened.event
    at, who = when(event.occurred_at), by(trouble.opened.envelope)
    if isinstance(event, AccountDisconnected):
        return (
            f"On {at} {event.account_id} was disconnected {who}, "
            "and with that left the FROM EMAIL list of every rotation campaign."
        )
    return f"On {at} the connection of {event.account_id} was found to fail {who}: {event.reason}"


def _end(ended: Recorded) -> str:
    event: Any = ended.event
    at = when(event.occurred_at)
    match event:
        case GracePeriodExpired():
            return (
                f"On {at} the clock ran out: {people(event.stopped)} became Campaign Stopped, "
                f"released because they had received nothing: {event.released}; spared because "
                f"they had come to their end before: {sum(event.skipped.values())}.{late(ended)}"
            )
        case GracePeriodCured():
            return f"On {at} the trouble was over, in time: the clock ended and stopped nobody."
        case _:
            return f"On {at} a disconnect took the place of the failure: its clock ended."


def told(trouble: Trouble) -> Iterator[Sentence]:
    """The notices sent and their fate (N2)."""
    for notice in trouble.notices:
        yield from _notice(notice)
    if not trouble.notices:
        yield Sentence(
            Section.TOLD,
            trouble.opened,
            f"No notice to the owner of {trouble.account_id} about this is recorded.",
        )


def _notice(notice: Notice) -> Iterator[Sentence]:
    event: Any = notice.issued.event
    name = f"Notice {event.number} ({event.kind})"
    yield Sentence(
        Section.TOLD,
        notice.issued,
        f"{name} to the owner of {event.account_id} was issued on {when(event.occurred_at)}"
        f"{_matter(event)}.",
    )
    for attempt in notice.attempts:
        tried: Any = attempt.event
        fate = "was delivered" if tried.delivered else "could not be delivered"
        detail = f": {tried.detail}" if tried.detail and not tried.delivered else ""
        yield Sentence(
            Section.TOLD,
            attempt,
            f"{name} {fate} through {tried.channel} on {when(tried.occurred_at)}{detail}.",
        )
    if not notice.attempts:
        yield Sentence(
            Section.TOLD, notice.issued, f"No attempt to deliver {name.lower()} is recorded."
        )


def _matter(event: NoticeIssued) -> str:
    match event.kind:
        case NoticeKind.CURED:
            return ": all is well"
        case NoticeKind.ENDED:
            return f": {people(event.at_stake)} stopped"
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            return f": {people(event.at_stake)} at stake until {when(event.deadline_at)}"


def tried(trouble: Trouble, campaign_id: str) -> Iterator[Sentence]:
    """What was tried before the end, and what it came to."""
    background = chosen(trouble.tried, CheckFailed, asked_by=Asker.BACKGROUND)
    spared = {each.position for each in background[:-1]} if len(background) > ENOUGH else set()
    for each in trouble.tried:
        if each.position in spared:
            continue
        text = _attempt(each, trouble, campaign_id)
        if spared and each is background[-1]:
            text += f" It was the last of {counted(len(background), 'failed background check')}."
        yield Sentence(Section.TRIED, each, text)
    if not trouble.tried:
        where = trouble.ended or trouble.clock or trouble.opened
        until = "in time" if trouble.ended else "so far"
        yield Sentence(
            Section.TRIED, where, f"Nothing was tried to bring {trouble.account_id} back {until}."
        )


def _attempt(tried: Recorded, trouble: Trouble, campaign_id: str) -> str:
    event: Any = tried.event
    at, who = when(event.occurred_at), by(tried.envelope)
    match event:
        case OneClickRejected():
            why = REASONS.get(event.reason, event.reason)
            return f"On {at} One-Click Reconnect was tried {who} and refused: {why}."
        case ConnectRejected():
            why = REASONS.get(event.reason, event.reason)
            return f"On {at} connecting it again was tried {who} and refused: {why}."
        case OneClickReconnected():
            return f"On {at} One-Click Reconnect succeeded {who}; every setting stayed."
        case AccountConnected():
            return _connected(tried, trouble, campaign_id)
        case CheckPassed():
            return f"On {at} a check asked for {_asker(event)} passed."
        case _:
            return _check(tried)


def _connected(tried: Recorded, trouble: Trouble, campaign_id: str) -> str:
    event = tried.event
    after = lasting(event.occurred_at - trouble.opened.event.occurred_at)
    text = f"{trouble.account_id} was reconnected in {after}, {by(tried.envelope)},"
    if trouble.clock is None:
        return f"{text} on {when(event.occurred_at)}."
    added = next((each for each in trouble.added if each.position > tried.position), None)
    if added is None:
        return f"{text} but never re-added to {campaign_id}."
    at = added.event.occurred_at
    in_time = trouble.ended is None or isinstance(trouble.ended.event, GracePeriodCured)
    if in_time and at <= trouble.deadline:
        return f"{text} and re-added to {campaign_id} on {when(at)} (position {added.position})."
    return (
        f"{text} but re-added to {campaign_id} only on {when(at)} "
        f"(position {added.position}), after the clock had run out."
    )


def _check(check: Recorded) -> str:
    event: Any = check.event
    stage = f" at the stage {event.report.failed_at}" if event.report.failed_at else ""
    return (
        f"On {when(event.occurred_at)} a check of {event.account_id} asked for {_asker(event)} "
        f"failed{stage}: {event.report.found}."
    )


def _asker(event: Any) -> str:
    return "by a user" if event.asked_by is Asker.USER else "in the background"


def avoidable(trouble: Trouble, campaign_id: str) -> Sentence:
    """Until when the stop could have been avoided, and by which act."""
    return Sentence(
        Section.AVOIDABLE,
        trouble.clock or trouble.opened,
        f"It could have been avoided until {when(trouble.deadline)}: {cure(trouble, campaign_id)}.",
    )


def cure(trouble: Trouble, campaign_id: str) -> str:
    """The cheapest act that cures."""
    if isinstance(trouble.opened.event, AccountDisconnected):
        return (
            f"by connecting {trouble.account_id} again and adding it to FROM EMAIL of "
            f"{campaign_id} again, both"
        )
    return f"by One-Click Reconnect of {trouble.account_id}, which keeps every setting"
