"""``sendledger``: commands by what a person wants to do.

Imports stay inside the commands, so that help and completion are quick.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from engine.answers import Answers
    from engine.settings import EngineSettings

app = typer.Typer(
    name="sendledger",
    help="What became of every recipient of an email campaign, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

EXIT_FAILED, EXIT_UNREADABLE = 1, 2

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Store = Annotated[Path | None, typer.Option(help="The store's file. Default: the setting `store`.")]
Workspace = Annotated[
    str | None, typer.Option(help="The workspace. Default: the setting `workspace`.")
]


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
    from adapters.serve import serve as serve_until_stopped

    with explained():
        serve_until_stopped(settings_of(store, workspace))


@app.command()
def accounts(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show each email account: does it work, and if not, why and until when can it be repaired?"""
    from adapters.cli.tables import show_accounts

    with answers_of(store, workspace) as answers:
        show_accounts(answers, as_json=as_json)


@app.command()
def campaigns(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show each campaign: is it running, what keeps it, does it wait to be resumed?"""
    from adapters.cli.tables import show_campaigns

    with answers_of(store, workspace) as answers:
        show_campaigns(answers, as_json=as_json)


@app.command()
def recipients(
    campaign: Annotated[str, typer.Option(help="The campaign's name.")],
    status: Annotated[str | None, typer.Option(help="Only those of this status.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most this many. Default: 50, with --json all.")
    ] = None,
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Show a campaign's recipients: status, sender, and for stopped ones the reason."""
    from adapters.cli.tables import show_recipients

    with answers_of(store, workspace) as answers:
        if campaign not in answers.campaigns:
            known = ", ".join(answers.campaigns) or "none"
            fail(f"There is no campaign {campaign}. Known: {known}.")
        show_recipients(answers, campaign, status, limit, as_json=as_json)


@app.command()
def clocks(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show every clock: until when, how many are at stake, and the cheapest cure."""
    from adapters.cli.tables import show_clocks

    with answers_of(store, workspace) as answers:
        show_clocks(answers, as_json=as_json)


@app.command()
def notices(store: Store = None, workspace: Workspace = None, as_json: Json = False) -> None:
    """Show who was told what, when, and whether it arrived."""
    from adapters.cli.tables import show_notices

    with answers_of(store, workspace) as answers:
        show_notices(answers, as_json=as_json)


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


def fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def explained() -> Iterator[None]:
    """Errors a person can do something about, on one screen, without a traceback."""
    from adapters.recipients_csv import RecipientsFileError
    from engine.settings import SettingsError
    from engine.store import StoreError
    from events.catalogue import UnreadableEvent

    try:
        yield
    except (StoreError, SettingsError, UnreadableEvent, RecipientsFileError) as error:
        fail(str(error))


def settings_of(store: Path | None, workspace: str | None) -> "EngineSettings":
    from engine.settings import load_settings

    return load_settings(store=store, workspace=workspace)


@contextmanager
def answers_of(store: Path | None, workspace: str | None) -> Iterator["Answers"]:
    """The answers on an existing store, its projections caught up."""
    from adapters.sqlite import SQLiteStore, SQLiteViews
    from engine.answers import Answers
    from engine.projecting import ProjectionRunner
    from projections.shipped import SHIPPED

    with explained():
        settings = settings_of(store, workspace)
        if not settings.store.is_file():
            fail(f"There is no store {settings.store}. Name one with --store, or run the demo.")
        opened = SQLiteStore(settings.store, lock_timeout=settings.lock_timeout)
        try:
            views = SQLiteViews(opened)
            ProjectionRunner(opened, views, SHIPPED).catch_up()
            yield Answers(views, settings.workspace)
        finally:
            opened.close()
