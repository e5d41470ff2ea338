"""N1: a notice in words: what happened and why, what will happen, when, to how many, the cure."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from engine.answers.telling.one_line import one_line
from events.vocabulary import IncidentKind, NoticeKind
from projections.notices import NoticeRow


class Letter(NamedTuple):
    subject: str
    text: str


def letter(notice: NoticeRow, reason: str | None = None) -> Letter:
    """``reason``: the one sentence of a failure (C2), where it is still known.

    Times are told in the zone that those of the notice have.
    """
    account = one_line(notice.account_id)
    paragraphs = _TEXTS[notice.kind](notice, account, reason)
    return Letter(_subject(notice, account), "\n\n".join(paragraphs) + "\n\n" + _footer(notice))


def _subject(notice: NoticeRow, account: str) -> str:
    match notice.kind:
        case NoticeKind.ENDED:
            return f"{_people(notice.at_stake)} of {account} were stopped"
        case NoticeKind.CURED:
            return f"All is well with {account}: resume your campaigns"
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            again = f"Reminder {number - 1}: " if (number := int(notice.number)) > 1 else ""
            trouble = "fails" if notice.kind is NoticeKind.FAILURE else "is disconnected"
            return f"{again}{account} {trouble}, {_people(notice.at_stake)} at stake"


def _failure(notice: NoticeRow, account: str, reason: str | None) -> Iterator[str]:
    yield f"The connection of {account} fails. {reason or ''}".rstrip()
    yield from _stakes(notice)
    yield f"The cheapest cure: One-Click Reconnect {account}. Every setting stays as it is."


def _disconnect(notice: NoticeRow, account: str, _reason: str | None) -> Iterator[str]:
    yield f"{account} was disconnected, and with that left every FROM EMAIL list."
    yield from _stakes(notice)
    yield f"The cheapest cure: connect {account}, then add it to FROM EMAIL of each campaign again."


def _ended(notice: NoticeRow, account: str, reason: str | None) -> Iterator[str]:
    what = "failed for too long" if notice.incident_kind is IncidentKind.FAILURE else "was not back"
    yield f"{account} {what}: a clock ran out at {_when(notice.issued_at)}. {reason or ''}".rstrip()
    yield f"{_people(notice.at_stake)} became Campaign Stopped, for good:\n{_campaigns(notice)}"
    yield (
        "Nothing brings them back into the same campaign; another campaign is free to take them. "
        "Who had not been written to goes on with other senders, once you resume."
    )


def _cured(notice: NoticeRow, account: str, _reason: str | None) -> Iterator[str]:
    yield f"{account} works again, and every clock of this incident has ended. Nobody was stopped."
    yield f"What is left to do: resume the campaigns that wait.\n{_campaigns(notice)}".rstrip()


_TEXTS = {
    NoticeKind.FAILURE: _failure,
    NoticeKind.DISCONNECT: _disconnect,
    NoticeKind.ENDED: _ended,
    NoticeKind.CURED: _cured,
}


def _stakes(notice: NoticeRow) -> Iterator[str]:
    if not notice.campaigns:
        yield "No recipient is at stake. Campaigns of this account wait, paused, until you resume."
        return
    yield (
        f"Unless it is repaired by {_when(notice.deadline_at)}, {_people(notice.at_stake)} become "
        f"Campaign Stopped, for good:\n{_campaigns(notice)}"
    )


def _campaigns(notice: NoticeRow) -> str:
    counts = sorted(notice.campaigns.items())
    if notice.kind is NoticeKind.CURED:
        return "\n".join(f"  - {one_line(name)}" for name, _ in counts)
    return "\n".join(f"  - {_people(count)} of {one_line(name)}" for name, count in counts)


def _people(count: int) -> str:
    return "1 recipient" if count == 1 else f"{count} recipients"


def _when(moment: datetime | None) -> str:
    assert moment is not None
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"


def _footer(notice: NoticeRow) -> str:
    return (
        f"Notice {notice.number} of incident {one_line(notice.incident_id)}, "
        f"{_when(notice.issued_at)}.\n"
    )
