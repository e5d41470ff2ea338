"""Whether the stored answers match the history: rebuild them, or show where they differ."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from adapters.cli.auditing.diff import show_changes
from adapters.cli.auditing.reading import open_source, reading
from adapters.cli.common import settings_of
from adapters.composition.programs import rebuild
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.output import print_json, say, unknown
from adapters.screen.progress import progress
from adapters.screen.where import WholeStore
from engine.audit.differences import Change, changes_of
from engine.audit.fold import Fold
from engine.audit.source import Source, facts
from projections.projection import Projection
from projections.shipped import SHIPPED


def command(
    projection: Annotated[str | None, typer.Option(help="Only this one. Default: all.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show what would change.")
    ] = False,
    *,
    at: WholeStore,
) -> None:
    """Build the views anew from the history. With --dry-run: exit 1 when they would change."""
    chosen = _chosen(projection)
    if dry_run:
        with reading(), open_source(at.store) as source:
            changes, lag = list(differences(source, chosen)), behind(source, chosen)
        _show(changes, lag, as_json=at.as_json)
        raise typer.Exit(EXIT_FAILED if changes else 0)
    with reading("Stopped. Every view is as it was; nothing was rebuilt."):
        settings = settings_of(at)
        with open_source(at.store) as source:
            length = source.end
        with progress("Rebuilding", length) as position:
            end = rebuild(settings, chosen, position)
    names = [each.name for each in chosen]
    at.tell(
        {"projections": names, "position": end}, f"Rebuilt {', '.join(names)} up to position {end}."
    )


def differences(source: Source, projections: Sequence[Projection]) -> Iterator[Change]:
    """What a rebuild would change in the stored rows, including views that are behind."""
    with progress("Folding the log", source.end) as position:
        fold = Fold(projections).add(facts(source, progress=position))
    for each in projections:
        stored = {row[: each.key_length]: row for row in source.views.rows(each)}
        yield from changes_of(each, stored, fold.rows[each])


def behind(source: Source, projections: Sequence[Projection]) -> list[str]:
    """A sentence for each view that has not reached the log's end."""
    stand = {each: source.views.position(each) for each in projections}
    return [
        f"View {each.name} stands at {at} of {source.end}."
        for each, at in stand.items()
        if at != source.end
    ]


def _show(changes: list[Change], lag: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"behind": lag, "changes": [each.told() for each in changes]})
    else:
        for sentence in lag:
            say(sentence)
        show_changes(changes, "between the stored views and the history")


def _chosen(name: str | None) -> Sequence[Projection]:
    if name is None:
        return SHIPPED
    known = {each.name: each for each in SHIPPED}
    if name not in known:
        unknown("projection", name, [*known])
    return [known[name]]
