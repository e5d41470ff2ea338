"""How the demo ends: who was stopped and why, what was checked, and where to look next."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.composition.programs import Program, rehearsal
from adapters.demo.cast import CAMPAIGN, OWNER, WORKSPACE
from engine.answers.telling.one_line import one_line
from engine.answers.workspace_answers import Answers, RecipientAnswer
from engine.audit.whole_history import differing_views, violations
from engine.ports.store import Store
from engine.ports.views import ReadableViews
from engine.work.ports import Directory
from events.vocabulary import RecipientStatus
from projections.shipped import SHIPPED

SHOWN = 12


def show_verdict(console: Console, program: Program) -> bool:
    """Show the result. Answers whether everything holds that must."""
    opened = program.opened
    answers = Answers(opened.views, WORKSPACE)
    stopped = list(answers.recipients(CAMPAIGN, status=RecipientStatus.CAMPAIGN_STOPPED))
    console.print()
    console.print(_stopped_table(stopped, opened.directory))
    holds = [_show(console, *check) for check in _checks(opened.store, opened.views, len(stopped))]
    console.print(Text(_paths(program, stopped)), soft_wrap=True)
    return all(holds)


def _checks(store: Store, views: ReadableViews, stopped: int) -> Iterable[tuple[bool, str]]:
    broken, differing = violations(store), differing_views(store, views, rehearsal(store.now).views)
    log = views.position(SHIPPED[0])
    waiting = [row for row in Answers(views, WORKSPACE).notices() if not row.delivered]
    yield (
        not broken,
        f"stopped: exactly the {stopped} whom S3 names"
        + "".join(f"; {each.rule}: {each.sentence}" for each in broken[:1]),
    )
    yield (
        not differing,
        f"every view equals a replay of all {log} events from zero"
        + (f", but for {', '.join(differing)}" if differing else ""),
    )
    yield not waiting, f"every notice was delivered; {len(waiting)} wait"


def _show(console: Console, holds: bool, what: str) -> bool:
    mark = ("  true  ", "bold green") if holds else ("  FALSE  ", "bold red")
    console.print(Text.assemble(mark, what), soft_wrap=True)
    return holds


def _stopped_table(stopped: list[RecipientAnswer], directory: Directory) -> Table:
    more = f"; {len(stopped) - SHOWN} more are not shown" if len(stopped) > SHOWN else ""
    table = Table("who", "heard from", "when (UTC)", title_justify="left")
    table.title = f"{len(stopped)} recipients were stopped{more}"
    table.add_column("why", no_wrap=True)
    people = directory.people(WORKSPACE, [row.recipient_id for row in stopped[:SHOWN]])
    for row in stopped[:SHOWN]:
        person = people.get(row.recipient_id)
        who = Text(one_line(person.name if person else row.recipient_id))
        when = f"{row.stopped_at:%m-%d %H:%M}"
        table.add_row(who, Text(row.sender or ""), when, row.stop_reason)
    return table


def _paths(program: Program, stopped: list[RecipientAnswer]) -> str:
    name, store = _program(), program.settings.store
    who = next((each.recipient_id for each in stopped), "RECIPIENT")
    views = ("status", "clocks", "notices", "campaigns", "accounts")
    looks = "\n".join(f"  {name} {each} --store {store}" for each in views)
    return f"""
The store: {store}
The outbox, a maildir: {program.settings.outbox} (notices to {OWNER})

Look around:
  {name} recipients why {who} --store {store} --campaign {CAMPAIGN}
  {name} recipients --store {store} --campaign {CAMPAIGN}
{looks}
  {name}-replay check --store {store}
  {name} simulate examples/scenarios/clocks.yaml

Open the console on it, in a browser:
  {name} serve --http 127.0.0.1:8420 --store {store}"""


def _program() -> str:
    """How to call the command line from here: by name if the shell finds it."""
    if shutil.which("sendledger"):
        return "sendledger"
    beside = Path(sys.executable).with_name("sendledger")
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
