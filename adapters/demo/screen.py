"""What the audience sees: lines of the story, and on a terminal a panel that lives below them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from adapters.demo.cast import CAMPAIGN, OWNER, WORKSPACE
from engine.answers.telling.notices import letter
from engine.answers.telling.one_line import one_line
from engine.answers.workspace_answers import Answers, ClockAnswer
from engine.ports.clock import Clock
from engine.ports.views import Views
from events.vocabulary import ClockOutcome, RecipientStatus
from projections.campaigns import CampaignRow
from projections.notices import NoticeRow

LAST_NOTICES = 4
FRAMES_A_SECOND = 8


NOBODY: Mapping[RecipientStatus, int] = MappingProxyType(dict.fromkeys(RecipientStatus, 0))


class Picture(NamedTuple):
    """What the views said when they were last looked at."""

    clocks: Sequence[ClockAnswer] = ()
    campaign: CampaignRow | None = None
    recipients: Mapping[RecipientStatus, int] = NOBODY
    notices: Sequence[NoticeRow] = ()


class Screen:
    """Told by several threads: the story's and the worker's."""

    def __init__(self, console: Console, clock: Clock, views: Views) -> None:
        self._console = console
        self._clock = clock
        self._views = views
        self._picture = Picture()

    @contextmanager
    def shown(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        with Live(self, console=self._console, refresh_per_second=FRAMES_A_SECOND, transient=True):
            yield

    def tell(self, text: str, style: str = "") -> None:
        stamp = f"{self._clock():%Y-%m-%d %H:%M}  "
        self._console.print(Text.assemble((stamp, "dim"), (text, style)), soft_wrap=True)

    def look(self) -> None:
        """Take in what has changed, and tell it."""
        before, self._picture = self._picture, _picture(Answers(self._views, WORKSPACE))
        for notice in _delivered(self._picture):
            if notice not in _delivered(before):
                subject = letter(notice).subject
                self.tell(f"Notice to {OWNER}: {subject}", "cyan")
        for clock in _expired(self._picture):
            if clock not in _expired(before):
                self.tell(
                    f"The clock of {clock.account_id} ran out; stopped: {clock.stopped}",
                    "bold red",
                )

    def __rich__(self) -> RenderableType:
        picture, now = self._picture, self._clock()
        return Panel(
            Group(
                _campaign_line(picture),
                _recipients_line(picture),
                *(_clock_line(clock, now) for clock in picture.clocks),
                *(_notice_line(notice) for notice in picture.notices[-LAST_NOTICES:]),
            ),
            title=f"{now:%A %Y-%m-%d %H:%M} UTC, time sped up",
            border_style="blue",
        )


def _picture(answers: Answers) -> Picture:
    campaign = answers.campaigns.get(CAMPAIGN)
    rows = answers.recipients(CAMPAIGN) if campaign else ()
    return Picture(
        answers.clocks(), campaign, Counter(row.status for row in rows), answers.notices()
    )


def _delivered(picture: Picture) -> list[NoticeRow]:
    return [notice for notice in picture.notices if notice.delivered]


def _expired(picture: Picture) -> list[ClockAnswer]:
    return [clock for clock in picture.clocks if clock.outcome is ClockOutcome.EXPIRED]


def _campaign_line(picture: Picture) -> Text:
    row = picture.campaign
    if row is None:
        return Text("no campaign yet", "dim")
    causes = f" because of {', '.join(row.pause_causes)}" if row.pause_causes else ""
    senders = ", ".join(row.from_email) or "nobody"
    return Text(f"{row.campaign_id}: {row.status}{causes}. FROM EMAIL: {senders}", "bold")


def _recipients_line(picture: Picture) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    shown = [status for status in RecipientStatus if picture.recipients[status]]
    for status in shown:
        table.add_column(status, justify="right")
    table.add_row(*(str(picture.recipients[status]) for status in shown))
    return table


def _clock_line(clock: ClockAnswer, now: datetime) -> Text:
    name = f"{clock.kind} clock of {clock.account_id}: "
    if clock.outcome is not ClockOutcome.RUNNING:
        return Text(f"{name}{clock.outcome}", "dim")
    left = str(max(clock.deadline_at - now, now - now)).split(".")[0]
    return Text(f"{name}{left} left, {clock.at_stake} at stake", "bold yellow")


def _notice_line(notice: NoticeRow) -> Text:
    mark = "✉" if notice.delivered else "…"
    return Text(one_line(f"{mark} {notice.issued_at:%m-%d %H:%M} {letter(notice).subject}"), "cyan")
