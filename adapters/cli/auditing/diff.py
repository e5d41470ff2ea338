"""What changed between two moments, entity by entity?"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple

import typer
from rich.text import Text

from adapters.cli.auditing.reading import ByOption, moment_of, open_source, reading
from adapters.screen.output import print_json, say
from adapters.screen.progress import progress
from adapters.screen.tables import lines, print_table, text
from adapters.screen.where import WholeStore
from engine.answers.telling.rows import plain
from engine.audit.fold import LISTED, Fold
from engine.audit.moments import By, Moment, facts_until
from engine.audit.source import Source
from projections.projection import Projection, RowKey

Columns = Mapping[str, tuple[Any, Any]]


class Change(NamedTuple):
    """A row that is new, gone, or has other values; ``columns`` holds old and new of each."""

    entity: str
    key: RowKey
    kind: str
    """``added``, ``changed`` or ``removed``."""
    columns: Columns

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        columns = {
            name: {"old": plain(old), "new": plain(new)}
            for name, (old, new) in self.columns.items()
        }
        return {"entity": self.entity, "key": self.key, "kind": self.kind, "columns": columns}


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
        changes = [
            each
            for each in changes_between(source, first, last)
            if workspace in {None, each.key[0]}
        ]
        if at.as_json:
            told = [each.told() for each in changes]
            print_json({"from": first.told(), "to": last.told(), "changes": told})
        else:
            show_changes(changes, f"from {first} to {last}")


def changes_between(source: Source, first: Moment, last: Moment) -> Iterator[Change]:
    """In order of entity and key. The moments may be of both kinds, and in either order."""
    before, after = (_fold(source, moment) for moment in (first, last))
    for projection in LISTED:
        yield from changes_of(projection, before.rows[projection], after.rows[projection])


def _fold(source: Source, moment: Moment) -> Fold:
    with progress(f"Reading up to {moment}", source.end) as position:
        return Fold().add(facts_until(source, moment, position))


def changes_of(
    projection: Projection, before: Mapping[RowKey, Any], after: Mapping[RowKey, Any]
) -> Iterator[Change]:
    """What makes ``after`` of ``before``."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        kind = "added" if old is None else "removed" if new is None else "changed"
        columns = {
            name: (getattr(old, name, None), getattr(new, name, None))
            for name in projection.row._fields[projection.key_length :]
            if getattr(old, name, None) != getattr(new, name, None)
        }
        yield Change(projection.name, key, kind, columns)


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
