"""``sendledger demo``."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_FAILED


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo leaves its store.")] = Path(
        "demo-store"
    ),
    with_console: Annotated[
        bool, typer.Option("--console", help="Serve the console while the story runs, and after.")
    ] = False,
) -> None:
    """Run a campaign over mail servers on this machine, with time sped up: a clock runs out."""
    from rich.console import Console

    from adapters.demo.run import run_demo

    with explained():
        if not run_demo(folder, Console(), with_console=with_console):
            raise typer.Exit(EXIT_FAILED)
