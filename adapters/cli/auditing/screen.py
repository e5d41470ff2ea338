"""Rows as tables for people and as JSON for programs, and the bar for those who wait."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from events.vocabulary import instant_text

SCREENFUL = 50
"""Rows of one table on a screen; JSON has them all."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed else "")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error with its rate, where somebody watches; takes the position."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        _Rate(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda position: bar.update(task, completed=position)


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=plain)
    sys.stdout.write("\n")


def told(row: Any) -> dict[str, Any]:
    """A row as JSON has it."""
    return {name: plain(value) for name, value in row._asdict().items()}


def plain(value: Any) -> Any:
    return instant_text(value) if isinstance(value, datetime) else value


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """At most a screenful, and how many more there are."""
    table = Table(title=Text(title), title_justify="left")
    for column in columns:
        table.add_column(column.removesuffix("_id").replace("_", " "), overflow="fold")
    found = iter(rows)
    for row in islice(found, SCREENFUL):
        table.add_row(*(Text(text(value)) for value in row))
    Console().print(table)
    rest = sum(1 for _ in found)
    if rest:
        say(f"… and {rest} more; --json shows them all.")


def say(sentence: str) -> None:
    Console().print(Text(sentence))


def text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return instant_text(value)
        case tuple() | list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}: {text(inner)}" for name, inner in value.items())
        case _:
            return str(value)
