"""What the audience sees: the story's lines, and in a terminal a live panel below them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

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
from events.vocabulary import ClockOutcome
from projections.notices import NoticeRow

LAST_NOTICES = 4
FRAMES_A_SECOND = 8


class Screen:
    def __init__(self, console: Console, clock: Clock, views: Views) -> None:
        self._console = console
        self._clock = clock
        self._views = views
        self._told: set[tuple[str, ...]] = set()
        self._panel: RenderableType = ""

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
        """Take in what has changed, and report it."""
        answers = Answers(self._views, WORKSPACE)
        for notice in answers.notices():
            if notice.delivered and self._is_new(notice.incident_id, notice.number):
                self.tell(f"Notice to {OWNER}: {letter(notice).subject}", "cyan")
        for clock in answers.clocks():
            expired = clock.outcome is ClockOutcome.EXPIRED
            if expired and self._is_new(clock.incident_id, clock.campaign_id):
                text = f"The clock of {clock.account_id} ran out; stopped: {clock.stopped}"
                self.tell(text, "bold red")
        self._panel = _panel(answers, self._clock())

    def __rich__(self) -> RenderableType:
        return self._panel

    def _is_new(self, *key: str) -> bool:
        """Whether this is seen for the first time."""
        new = key not in self._told
        self._told.add(key)
        return new


def _panel(answers: Answers, now: datetime) -> Panel:
    lines = [
        *_campaign_lines(answers),
        *(_clock_line(clock, now) for clock in answers.clocks()),
        *(_notice_line(notice) for notice in answers.notices()[-LAST_NOTICES:]),
    ]
    title = f"{now:%A %Y-%m-%d %H:%M} UTC, time sped up"
    return Panel(Group(*lines), title=title, border_style="blue")


def _campaign_lines(answers: Answers) -> Iterator[RenderableType]:
    row = answers.campaigns.get(CAMPAIGN)
    if row is None:
        yield Text("no campaign yet", "dim")
        return
    causes = f" because of {', '.join(row.pause_causes)}" if row.pause_causes else ""
    senders = ", ".join(row.from_email) or "nobody"
    yield Text(f"{row.campaign_id}: {row.status}{causes}. FROM EMAIL: {senders}", "bold")
    by_status = answers.recipients_by_status(CAMPAIGN)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for status in by_status:
        table.add_column(status, justify="right")
    table.add_row(*map(str, by_status.values()))
    yield table


def _clock_line(clock: ClockAnswer, now: datetime) -> Text:
    name = f"{clock.kind} clock of {clock.account_id}: "
    if clock.outcome is not ClockOutcome.RUNNING:
        return Text(f"{name}{clock.outcome}", "dim")
    left = str(max(clock.deadline_at - now, now - now)).split(".")[0]
    return Text(f"{name}{left} left, {clock.at_stake} at stake", "bold yellow")


def _notice_line(notice: NoticeRow) -> Text:
    mark = "✉" if notice.delivered else "…"
    return Text(one_line(f"{mark} {notice.issued_at:%m-%d %H:%M} {letter(notice).subject}"), "cyan")
