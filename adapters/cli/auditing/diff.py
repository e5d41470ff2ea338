"""What changed between two moments, entity by entity."""

from typing import Annotated

import typer
from rich.text import Text

from adapters.cli.auditing.reading import ByOption, moment_of, open_source, reading
from adapters.screen.output import print_json, say
from adapters.screen.progress import progress
from adapters.screen.tables import lines, print_table, text
from adapters.screen.where import WholeStore
from engine.audit.differences import Change, Columns, changes_between
from engine.audit.moments import By


def command(
    from_: Annotated[str, typer.Option("--from", help="A position, or a time with its zone.")],
    to: Annotated[str, typer.Option("--to", help="A position, or a time with its zone.")],
    by: ByOption = By.RECORDED,
    workspace: Annotated[
        str | None, typer.Option(help="Only this workspace. Default: all.")
    ] = None,
    *,
    at: WholeStore,
) -> None:
    """Show what changed between two moments: accounts, campaigns, recipients, clocks, notices."""
    with reading(), open_source(at.store) as source:
        first, last = moment_of(from_, by, source), moment_of(to, by, source)
        with progress("Reading the log", source.end) as position:
            found = [*changes_between(source, first, last, position)]
        changes = [each for each in found if workspace in {None, each.key[0]}]
        if at.as_json:
            told = [each.told() for each in changes]
            print_json({"from": first.told(), "to": last.told(), "changes": told})
        else:
            show_changes(changes, f"from {first} to {last}")


def show_changes(changes: list[Change], title: str) -> None:
    if not changes:
        say(f"Nothing differs {title}.")
        return
    for entity in dict.fromkeys(change.entity for change in changes):
        mine = [change for change in changes if change.entity == entity]
        rows = ((" ".join(each.key), each.kind, _columns(each.columns)) for each in mine)
        print_table(f"{entity}: {len(mine)} differ {title}", ("key", "kind", "change"), rows)


def _columns(columns: Columns) -> Text:
    return lines(
        f"{name}: {text(old)} → {text(new)}" if text(old) else f"{name}: {text(new)}"
        for name, (old, new) in columns.items()
    )
