"""The chain of a case as a drawing: causes, clock, deadline, notices, what was tried.

It is one line down the page, the earliest event first; each event is a link. It is drawn on the
server, so it needs no script and can be printed.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from engine.answers.recipient_case import Case, Trouble
from engine.answers.telling.one_line import one_line
from events.base import Event
from events.campaign import EmailAccepted, GracePeriodCured, RecipientAdded, SenderRemoved
from events.recorded import Recorded

WIDTH, STEP, LEFT = 760, 40, 190
MOST = 40
"""Events that are drawn; if there are more, the first and the last of them."""


class Mark(NamedTuple):
    at: datetime
    words: str
    position: int | None
    """None if it is not an event, such as a deadline that lies ahead."""
    kind: str = ""


def chain(case: Case, link: Callable[[int], str]) -> Markup:
    """The drawing. ``link``: the address at which the event at a position is shown."""
    marks = sorted(_marks(case), key=lambda each: (each.at, each.position or 1 << 62))
    if len(marks) > MOST:
        marks = [*marks[: MOST // 2], *marks[-MOST // 2 :]]
    if not marks:
        return Markup("")
    height = STEP * len(marks) + 20
    parts = [_mark(each, number, link) for number, each in enumerate(marks)]
    line = Markup('<line x1="{0}" y1="20" x2="{0}" y2="{1}"/>').format(LEFT, height - STEP)
    return Markup(
        '<svg class="chain" role="group" aria-label="From cause to effect" '
        'viewBox="0 0 {} {}" width="{}" height="{}">{}{}</svg>'
    ).format(WIDTH, height, WIDTH, height, line, Markup("").join(parts))


def _mark(mark: Mark, number: int, link: Callable[[int], str]) -> Markup:
    y = 20 + STEP * number
    drawn = Markup(
        '<text class="faint" x="{}" y="{}" text-anchor="end">{}</text>'
        '<circle cx="{}" cy="{}" r="6"/><text x="{}" y="{}">{}</text>'
    ).format(
        LEFT - 16,
        y + 4,
        f"{mark.at:%Y-%m-%d %H:%M:%S}",
        LEFT,
        y,
        LEFT + 16,
        y + 4,
        one_line(mark.words)[:80],
    )
    inside = (
        drawn
        if mark.position is None
        else Markup('<a href="{}">{}</a>').format(link(mark.position), drawn)
    )
    return Markup('<g class="{}">{}</g>').format(mark.kind, inside)


def _marks(case: Case) -> Iterator[Mark]:
    for each in case.own:
        if isinstance(each.event, RecipientAdded | EmailAccepted):
            yield _event(each, case.answer.recipient_id)
    for trouble in case.troubles:
        yield from _of_trouble(trouble)
    removed = (e for e in case.about_campaign if isinstance(e.event, SenderRemoved))
    for each in removed:
        if getattr(each.event, "account_id", None) == case.sender:
            yield _event(each, case.sender or "")
    if case.stop is not None:
        yield _event(case.stop, case.answer.recipient_id, "bad")


def _of_trouble(trouble: Trouble) -> Iterator[Mark]:
    yield _event(trouble.opened, trouble.account_id, "bad")
    if trouble.started is not None:
        yield _event(trouble.started, f"until {trouble.deadline:%Y-%m-%d %H:%M:%S}")
    if trouble.ended is not None:
        cured = isinstance(trouble.ended.event, GracePeriodCured)
        yield _event(trouble.ended, "", "good" if cured else "bad")
    elif trouble.started is not None:
        yield Mark(trouble.deadline, "The deadline, if nobody acts", None, "bad")
    for notice in trouble.notices:
        yield _event(notice.issued, f"notice {notice.number}")
        for attempt in notice.attempts[:1]:
            yield _event(attempt, f"notice {notice.number}")
    for each in (*trouble.tried, *trouble.added):
        yield _event(each, trouble.account_id)


def _event(recorded: Recorded, about: str, kind: str = "") -> Mark:
    words = f"{_spaced(type(recorded.event))}{f' · {about}' if about else ''}"
    return Mark(recorded.event.occurred_at, words, recorded.position, kind)


def _spaced(kind: type[Event]) -> str:
    """``GracePeriodStarted`` → ``Grace period started``."""
    spaced = "".join(f" {each.lower()}" if each.isupper() else each for each in kind.__name__)
    return spaced.strip().capitalize()
