"""``sendledger store``: make a store fit this program, and check what it derives from its log."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import settings_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.options import Json, Store
from adapters.screen.output import print_json, say
from adapters.screen.program import group

if TYPE_CHECKING:
    from adapters.composition import Migrated, Opened
    from adapters.settings import EngineSettings

app = group(no_args_is_help=True)

BeforeOnly = Annotated[
    bool, typer.Option("--before-only", help="Only the steps that go in before the new code.")
]


@app.command()
def migrate(before_only: BeforeOnly = False, store: Store = None, as_json: Json = False) -> None:
    """Make the store where there is none, and put in the steps of its schema that it lacks."""
    from adapters.composition import migrate

    with explained():
        done = migrate(settings_of(store, None), before_only=before_only)
    if as_json:
        print_json(_json(done))
    else:
        _tell(done)


@app.command()
def check(store: Store = None, as_json: Json = False) -> None:
    """Does the store fit this program, and what it derives its log? Exit 1 with what does not."""
    with explained():
        settings = settings_of(store, None)
        found = []
        for each in findings(settings):
            found.append(each)
            if not as_json:
                say(each)
    if as_json:
        print_json({"findings": found})
    elif not found:
        say("Nothing found.")
    raise typer.Exit(EXIT_FAILED if found else 0)


def findings(settings: "EngineSettings") -> Iterator[str]:
    """A sentence each. Raises ``StoreUnavailable``, and where the log itself cannot be read."""
    from adapters.composition import asking
    from adapters.screen.hints import with_hint
    from engine.ports.errors import StoreError, StoreUnavailable

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(asking(settings))
        except StoreUnavailable:
            raise
        except StoreError as error:
            yield with_hint(error)
            return
        yield from _of(opened)


def _of(opened: "Opened") -> Iterator[str]:
    from engine.audit.index_check import check_indexes, check_snapshots, check_views
    from projections.shipped import SHIPPED

    yield from check_indexes(opened.store)
    yield from check_snapshots(opened.store)
    yield from check_views(opened.store, opened.views, SHIPPED)


def _json(done: "Migrated") -> dict[str, Any]:
    steps = {"applied": done.applied, "left": done.left}
    told = {name: [each._asdict() for each in some] for name, some in steps.items()}
    return {"store": done.name, "made": done.made, **told}


def _tell(done: "Migrated") -> None:
    for step in done.applied:
        say(f"Step {step.number} ({step.name}) is in.")
    if done.made:
        say(f"Made the store {done.name}.")
    elif not done.applied:
        say(f"The store {done.name} needs nothing.")
    for step in done.left:
        say(f"Step {step.number} ({step.name}) is left, for when no older program runs any more.")
