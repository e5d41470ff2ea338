"""N1: a notice in words: what happened and why, what will happen, when, to how many, the cure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from engine.answers.telling.facts import phrase
from engine.answers.telling.one_line import one_line
from engine.answers.telling.reader import Reader
from engine.answers.telling.words import RESUME_ALL, STOPPED_BECAUSE, people
from events.email_account import AccountDisconnected, ConnectionFailed
from events.vocabulary import NoticeKind, StopReason
from projections.notices import NoticeRow


class Letter(NamedTuple):
    subject: str
    text: str


def letter(notice: NoticeRow, reason: str | None = None) -> Letter:
    """The notice as a letter. ``reason``: the one sentence of a failure (C2), if it is still known.

    Times are in the zone of the notice's own times.
    """
    account = one_line(notice.account_id)
    paragraphs = _TEXTS[notice.kind](notice, account, reason)
    return Letter(_subject(notice, account), "\n\n".join(paragraphs) + "\n\n" + _footer(notice))


def _subject(notice: NoticeRow, account: str) -> str:
    match notice.kind:
        case NoticeKind.ENDED:
            return f"{people(notice.at_stake)} of {account} were stopped"
        case NoticeKind.CURED:
            return f"All is well with {account}: resume your campaigns"
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            again = f"Reminder {number - 1}: " if (number := int(notice.number)) > 1 else ""
            trouble = "fails" if notice.kind is NoticeKind.FAILURE else "is disconnected"
            return f"{again}{account} {trouble}, {people(notice.at_stake)} at stake"


def _failure(notice: NoticeRow, account: str, reason: str | None) -> Iterator[str]:
    yield _said(phrase(ConnectionFailed, account_id=account, reason=reason or ""))
    yield from _stakes(notice, "repaired")
    yield f"The cheapest cure: One-Click Reconnect {account}. Every setting stays as it is."


def _disconnect(notice: NoticeRow, account: str, _reason: str | None) -> Iterator[str]:
    yield _said(phrase(AccountDisconnected, account_id=account, by=""))
    yield from _stakes(notice, "connected and re-added")
    yield (
        f"The cheapest cure is the other half of the Two-Step Reconnect: connect {account}, then "
        "re-add it to FROM EMAIL of each campaign."
    )


def _ended(notice: NoticeRow, account: str, reason: str | None) -> Iterator[str]:
    why = STOPPED_BECAUSE[StopReason.of(notice.incident_kind)]
    ended = f"{account} {why}: a clock ran out at {_when(notice.issued_at)}. {reason or ''}"
    yield ended.rstrip()
    yield f"{people(notice.at_stake)} became Campaign Stopped, for good:\n{_campaigns(notice)}"
    yield (
        "Nothing brings them back into the same campaign; another campaign is free to take them. "
        "Recipients who had not been contacted go on with other senders, once you resume."
    )


def _cured(notice: NoticeRow, account: str, _reason: str | None) -> Iterator[str]:
    """N3: without clocks no campaigns are listed, but single-sender campaigns may still wait to be
    resumed."""
    if notice.campaigns:
        yield f"{account} works again, and every clock of this incident has ended."
        yield f"Nobody was stopped. {RESUME_ALL} These wait:\n{_campaigns(notice)}"
    else:
        yield f"{account} works again. Nobody was stopped: no clock ran."
        yield f"{RESUME_ALL} Those that were paused because of it wait for it."


_TEXTS = {
    NoticeKind.FAILURE: _failure,
    NoticeKind.DISCONNECT: _disconnect,
    NoticeKind.ENDED: _ended,
    NoticeKind.CURED: _cured,
}


def _stakes(notice: NoticeRow, cured: str) -> Iterator[str]:
    if not notice.campaigns:
        yield (
            "No recipient is at stake. Campaigns that send from this account alone are paused "
            "until it works again and you resume them."
        )
        return
    yield (
        f"Unless it is {cured} by {_when(notice.deadline_at)}, {people(notice.at_stake)} become "
        f"Campaign Stopped, for good:\n{_campaigns(notice)}"
    )


def _said(told: str) -> str:
    """A fact's sentence, made a paragraph."""
    told = told.rstrip(": .")
    return f"{told[:1].upper()}{told[1:]}." if told.startswith("a ") else f"{told}."


def _campaigns(notice: NoticeRow) -> str:
    counts = sorted(notice.campaigns.items())
    if notice.kind is NoticeKind.CURED:
        return "\n".join(f"  - {one_line(name)}" for name, _ in counts)
    return "\n".join(f"  - {people(count)} of {one_line(name)}" for name, count in counts)


def _when(moment: datetime | None) -> str:
    assert moment is not None
    return Reader(moment.tzinfo or UTC).when(moment)


def _footer(notice: NoticeRow) -> str:
    return (
        f"Notice {notice.number} of incident {one_line(notice.incident_id)}, "
        f"{_when(notice.issued_at)}.\n"
    )
