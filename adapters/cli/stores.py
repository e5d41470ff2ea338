"""``sendledger store``: migrate a store, check what it derives, give a copy a new id."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import settings_of
from adapters.cli.reconciling import reconcile
from adapters.cli.recovering import recover
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.options import Yes
from adapters.screen.output import agreed, print_json, say
from adapters.screen.program import group
from adapters.screen.where import WholeStore

if TYPE_CHECKING:
    from adapters.composition.programs import Migrated, Opened
    from adapters.settings.model import EngineSettings
    from engine.ports.log import StoreIdentity

app = group(no_args_is_help=True)
app.command()(recover)
app.command()(reconcile)

BeforeOnly = Annotated[
    bool,
    typer.Option(
        "--before-only", help="Only the steps that must be applied before the new code runs."
    ),
]


@app.command()
def migrate(before_only: BeforeOnly = False, *, at: WholeStore) -> None:
    """Make the store if there is none, and apply the steps of its schema that it lacks."""
    from adapters.composition.programs import migrate

    with explained():
        done = migrate(settings_of(at), before_only=before_only)
    if at.as_json:
        print_json(_json(done))
    else:
        _tell(done)


@app.command()
def check(*, at: WholeStore) -> None:
    """Check that the store fits this program, and what is derived fits the log. Exit 1 if not."""
    with explained(), ExitStack() as stack:
        opened = _opened(settings_of(at), stack)
        identity = None if isinstance(opened, str) else _identity(opened)
        if identity and not at.as_json:
            say(f"Store {identity.store_id}, generation {identity.generation}.")
        found: list[str] = []
        notes: list[str] = []
        for each in [opened] if isinstance(opened, str) else _differences(opened, notes):
            found.append(each)
            if not at.as_json:
                say(each)
    if at.as_json:
        told = identity._asdict() if identity else {"store_id": None, "generation": None}
        print_json({**told, "findings": found, "notes": notes})
    else:
        for each in [*([] if found else ["Nothing found."]), *notes]:
            say(each)
    raise typer.Exit(EXIT_FAILED if found else 0)


def _opened(settings: "EngineSettings", stack: ExitStack) -> "Opened | str":
    """The store until the stack ends, or why it cannot be used. Raises ``StoreUnavailable``."""
    from adapters.composition.programs import asking
    from adapters.screen.hints import with_hint
    from engine.ports.errors import StoreError, StoreUnavailable

    try:
        return stack.enter_context(asking(settings))
    except StoreUnavailable:
        raise
    except StoreError as error:
        return with_hint(error)


def _differences(opened: "Opened", notes: list[str]) -> Iterator[str]:
    """``findings``, and those of the directory; harmless ones go to ``notes``."""
    from engine.audit.people import CommittedPeople, compared
    from engine.decoding import GapInLog, MissingEnvelope
    from engine.entries import GapInEntries
    from engine.ports.errors import WithoutEntries

    yield from findings(opened)
    notes += notes_of(opened)
    with suppress(WithoutEntries, GapInEntries, GapInLog, MissingEnvelope):  # reported already
        people = compared(CommittedPeople(), opened.store, opened.directory)
        yield from people.differences
        notes += people.notes("as the log commits to them")


def _identity(opened: "Opened") -> "StoreIdentity | None":
    from engine.ports.errors import WithoutEntries

    with suppress(WithoutEntries):
        return opened.store.identity
    return None


def findings(opened: "Opened") -> Iterator[str]:
    """A sentence for each finding. Raises ``StoreError`` if the log itself cannot be read."""
    from adapters.screen.hints import with_hint
    from engine.audit.entry_check import check_entries
    from engine.audit.index_check import check_indexes, check_snapshots
    from engine.audit.view_check import check_views
    from engine.ports.errors import WithoutEntries
    from projections.shipped import SHIPPED

    yield from check_indexes(opened.store)
    yield from check_snapshots(opened.store)
    try:
        yield from check_entries(opened.store)
    except WithoutEntries as error:
        yield with_hint(error)
    for each in check_views(opened.store, opened.views, SHIPPED):
        yield each if isinstance(each, str) else with_hint(each)


def notes_of(opened: "Opened") -> list[str]:
    from engine.audit.view_check import notes_on_views
    from engine.audit.workspace_times import notes_on_times
    from projections.shipped import SHIPPED

    of_views = notes_on_views(opened.store, opened.views, SHIPPED)
    return [*notes_on_times(opened.store), *of_views]


@app.command("new-id")
def new_id(yes: Yes = False, *, at: WholeStore) -> None:
    """Give a copy of a store an id of its own, so that the two histories are never mixed up."""
    from adapters.composition.programs import running

    with explained(), running(settings_of(at)) as program:
        opened = program.opened
        old = opened.store.identity
        agreed(
            f"Whoever follows {opened.name} as store {old.store_id} will take it for another one "
            "and begin anew. Do this to a copy, never to the original. Give it a new id?",
            yes=yes,
        )
        new = opened.store.renew_identity()
    at.tell(
        {"store": opened.name, "old_store_id": old.store_id, **new._asdict()},
        f"The store {opened.name} has the id {new.store_id}, generation {new.generation}.",
    )


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
