"""Rows as tables for people.

An id is never broken, so that it can be copied: if it does not fit, the line grows longer than the
screen. Piped output is as wide as it needs to be.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from adapters.screen.escaping import escaped
from adapters.screen.output import say
from events.vocabulary import instant_text

SCREENFUL = 50
"""Rows of a table on a screen; JSON has all of them."""
WIDEST = 100_000
WHOLE = frozenset(("name", "key", "sender", "slot", "recipient", "campaign", "account", "event"))
"""Columns that hold ids, in addition to those named so."""


def text(value: Any) -> str:
    """A value as a person reads it, on one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return instant_text(value)
        case tuple() | list():
            return ", ".join(map(text, value))
        case dict():
            return ", ".join(f"{name}: {text(inner)}" for name, inner in value.items())
        case _:
            return str(value)


def safe(content: str, style: str = "") -> Text:
    """Text in a style, escaped."""
    return Text(escaped(content), style)


def lines(several: Iterable[str]) -> Text:
    """A cell of several lines, each escaped."""
    return Text("\n".join(map(escaped, several)))


def show(*parts: RenderableType) -> None:
    """Print what is safe already; lines keep their length."""
    for part in parts:
        _console().print(part, soft_wrap=True)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    most: int | None = SCREENFUL,
    styles: Sequence[str | None] = (),
) -> None:
    """Print some rows, then how many more there are. A cell of ``Text`` is safe already."""
    table = Table(title=safe(title), title_justify="left")
    for column in columns:
        name = column.removesuffix("_id")
        whole = name in WHOLE or name != column
        table.add_column(escaped(name.replace("_", " ")), overflow="fold", no_wrap=whole)
    found = iter(rows)
    for number, row in enumerate(islice(found, most)):
        cells = (each if isinstance(each, Text) else safe(text(each)) for each in row)
        table.add_row(*cells, style=styles[number] if styles else None)
    show_table(table)
    rest = sum(1 for _ in found)
    if rest:
        say(f"… and {rest} more; --json shows them all.")


def show_table(table: Table) -> None:
    """Print a table as wide as the screen, or as its ids need."""
    console = _console()
    wide = console.options.update(width=WIDEST)
    natural = Measurement.get(console, wide, table).maximum
    if console.is_terminal:
        natural = min(natural, max(console.width, _narrowest(table, console)))
    console.width = max(console.width, natural)
    console.print(table, crop=False)


def _narrowest(table: Table, console: Console) -> int:
    wide = console.options.update(width=WIDEST)
    for column in table.columns:
        if column.no_wrap:
            cells = [column.header, *column.cells]
            column.min_width = max(Measurement.get(console, wide, each).maximum for each in cells)
    return Measurement.get(console, wide, table).minimum


def _console() -> Console:
    return Console(highlight=False)
