"""``sendledger``: commands by what a person wants to do.

Imports stay inside the commands, so that help and completion are quick.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.accounts import app as accounts
from adapters.cli.campaigns import app as campaigns
from adapters.cli.common import (
    EXIT_FAILED,
    EXIT_UNREADABLE,
    Json,
    Store,
    Workspace,
    explained,
    fail,
    print_json,
    say,
    session,
    settings_of,
)
from adapters.cli.projections import app as projections
from adapters.cli.recipients import app as recipients
from adapters.cli.stores import app as stores
from adapters.cli.vault import app as vault

app = typer.Typer(
    name="sendledger",
    help="What became of every recipient of an email campaign, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(accounts, name="accounts")
app.add_typer(campaigns, name="campaigns")
app.add_typer(projections, name="projections")
app.add_typer(recipients, name="recipients")
app.add_typer(stores, name="store")
app.add_typer(vault, name="vault")


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="The scenario, a YAML file.")],
    as_json: Json = False,
) -> None:
    """Tell a scenario to the engine in virtual time and show how it ends."""
    from adapters.scenario.reader import UnreadableScenario, read_scenario
    from adapters.scenario.report import report
    from adapters.scenario.runner import run_scenario

    try:
        scenario = read_scenario(file)
    except UnreadableScenario as error:
        fail(str(error), EXIT_UNREADABLE)
    ending = run_scenario(scenario)
    if as_json:
        print_json(report(ending))
        return
    from adapters.scenario.story import tell

    tell(scenario, ending)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo leaves its store.")] = Path(
        "demo-store"
    ),
) -> None:
    """Run a real campaign on a new store, with time sped up: an account fails, a clock runs out."""
    from rich.console import Console

    from adapters.demo import run_demo

    with explained():
        if not run_demo(folder, Console()):
            raise typer.Exit(EXIT_FAILED)


@app.command()
def serve(store: Store = None, workspace: Workspace = None) -> None:
    """Let clocks fall due and keep the answers in step, until SIGTERM or Ctrl-C."""
    from adapters.worker.process import work as work_until_stopped

    with explained():
        work_until_stopped(settings_of(store, workspace))


@app.command()
def work(
    only: Annotated[
        str | None,
        typer.Option(help="Roles, with commas: clocks, projections, notices. Default: all."),
    ] = None,
    store: Store = None,
    workspace: Workspace = None,
) -> None:
    """Be one of any number of workers on a PostgreSQL store, until SIGTERM or Ctrl-C."""
    from adapters.worker.process import work as work_until_stopped
    from adapters.worker.roles import UnknownRole, read_roles

    try:
        roles = read_roles(only)
    except UnknownRole as error:
        fail(str(error), EXIT_UNREADABLE)
    with explained():
        work_until_stopped(settings_of(store, workspace), roles)


@app.command()
def clocks(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show every clock: until when, how many are at stake, and the cheapest cure."""
    from adapters.cli.tables import show_clocks

    with session(store, workspace) as here:
        show_clocks(here.answers(), as_json=as_json)


@app.command()
def notices(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show who was told what, when, and whether it arrived."""
    from adapters.cli.tables import show_notices

    with session(store, workspace) as here:
        show_notices(here.answers(), as_json=as_json)


@app.command()
def status(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show what needs a human now: stopped views, clocks, campaigns that do not send, notices."""
    from adapters.cli.status import show_status

    with session(store, workspace) as here:
        show_status(here, as_json=as_json)


@app.command()
def health(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Is the store well? Exit 0; or 1, with the reasons, one a line."""
    from adapters.cli.health import show_health

    with explained():
        show_health(settings_of(store, workspace), as_json=as_json)


@app.command()
def parked(store: Store = None, as_json: Json = False) -> None:
    """Show workspaces that could not be settled again and again, and why."""
    from adapters.cli.parked import show_parked

    with session(store, None) as here:
        show_parked(here, as_json=as_json)


@app.command()
def unpark(
    name: Annotated[str, typer.Argument(help="The workspace that is parked.")],
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Have a parked workspace settled again, once its cause is gone."""
    from adapters.cli.parked import retry_parked

    with session(store, None) as here:
        retry_parked(here, name, as_json=as_json)


@app.command()
def reindex(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Derive timers and roster anew from the log. Stop `serve` first."""
    from engine.indexes import rebuild_indexes

    with session(store, workspace) as here:
        timers = rebuild_indexes(here.store)
        if as_json:
            print_json({"timers": timers})
        else:
            say(f"Timers and roster are derived anew: {timers} timers.")


@app.callback(invoke_without_command=True)
def main_options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        typer.echo(f"sendledger {version('sendledger')}")
        raise typer.Exit


def main() -> None:
    """The entry point."""
    app()
