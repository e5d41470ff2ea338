"""How the demo ends: who was stopped and why, what holds, and where to look next."""

import shutil
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.demo.cast import CAMPAIGN, OWNER, WORKSPACE
from adapters.demo.checks import differing_views, stopped, whole_log
from adapters.demo.folder import OUTBOX, STORE
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.directory import SQLiteDirectory
from engine.answers.telling.one_line import one_line
from engine.answers.workspace_answers import Answers, RecipientAnswer
from engine.work.ports import Directory
from events.vocabulary import RecipientStatus

SHOWN = 12


def show_verdict(console: Console, store: SQLiteStore, folder: Path) -> bool:
    """Answers whether everything holds that must."""
    views = SQLiteViews(store)
    answers = Answers(views, WORKSPACE)
    recipients = list(answers.recipients(CAMPAIGN))
    console.print()
    console.print(_stopped_table(recipients, SQLiteDirectory(store)))
    console.print(_status_table(recipients))
    holds = _show_checks(console, store, views)
    _show_paths(console, folder, _someone_stopped(recipients))
    return holds


def _stopped_table(recipients: list[RecipientAnswer], directory: Directory) -> Table:
    rows = [each for each in recipients if each.status is RecipientStatus.CAMPAIGN_STOPPED]
    more = f"; {len(rows) - SHOWN} more are not shown" if len(rows) > SHOWN else ""
    table = Table(title=f"{len(rows)} recipients were stopped{more}", title_justify="left")
    for heading in ("who", "heard from", "when (UTC)"):
        table.add_column(heading)
    table.add_column("why", no_wrap=True)
    for row in rows[:SHOWN]:
        person = directory.person(WORKSPACE, row.recipient_id)
        name = person.name if person else row.recipient_id
        table.add_row(
            Text(one_line(name)),
            Text(row.sender or ""),
            f"{row.stopped_at:%m-%d %H:%M}",
            row.stop_reason or "",
        )
    return table


def _status_table(recipients: list[RecipientAnswer]) -> Table:
    counts = Counter(each.status for each in recipients)
    table = Table(title=f"{len(recipients)} recipients by status", title_justify="left")
    table.add_column("status")
    table.add_column("recipients", justify="right")
    for status in RecipientStatus:
        if counts[status]:
            table.add_row(status, str(counts[status]))
    return table


def _show_checks(console: Console, store: SQLiteStore, views: SQLiteViews) -> bool:
    log = whole_log(store)
    fate = stopped(log)
    differing = differing_views(store, views)
    waiting = [row for row in Answers(views, WORKSPACE).notices() if not row.delivered]
    _show(console, fate.due == fate.done, f"stopped: exactly the {len(fate.due)} whom S3 names")
    _show(
        console,
        not differing,
        f"every view equals a replay of all {len(log)} events from zero"
        + (f", but for {', '.join(differing)}" if differing else ""),
    )
    _show(console, not waiting, f"every notice was delivered; {len(waiting)} wait")
    return fate.due == fate.done and not differing and not waiting


def _show(console: Console, holds: bool, what: str) -> None:
    mark = ("  true  ", "bold green") if holds else ("  FALSE  ", "bold red")
    console.print(Text.assemble(mark, what), soft_wrap=True)


def _someone_stopped(recipients: list[RecipientAnswer]) -> str:
    stopped = (each for each in recipients if each.status is RecipientStatus.CAMPAIGN_STOPPED)
    return next((each.recipient_id for each in stopped), "RECIPIENT")


def _show_paths(console: Console, folder: Path, stopped: str) -> None:
    program = _program()
    store = folder / STORE
    lines = [
        "",
        f"The store: {store}",
        f"The outbox, a maildir: {folder / OUTBOX} (notices to {OWNER})",
        "",
        "Look around:",
        f"  {program} recipients why {stopped} --store {store} --campaign {CAMPAIGN}",
        f"  {program} recipients --store {store} --campaign {CAMPAIGN}",
        f"  {program} clocks --store {store}",
        f"  {program} notices --store {store}",
        f"  {program} campaigns --store {store}",
        f"  {program} accounts --store {store}",
        f"  {program} serve --store {store}",
        f"  {program}-replay check --store {store}",
        f"  {program} simulate examples/scenarios/clocks.yaml",
    ]
    console.print(Text("\n".join(lines)), soft_wrap=True)


def _program() -> str:
    """How to call the command line from here: by name where the shell finds it."""
    if shutil.which("sendledger"):
        return "sendledger"
    beside = Path(sys.executable).with_name("sendledger")
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
