"""Options and arguments of the commands that read lists of people from a file."""

from pathlib import Path
from typing import Annotated

import typer

People = Annotated[Path, typer.Argument(help="CSV, UTF-8, with a header and a column `email`.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADER=COLUMN", help="Another name for a column of FILE."),
]
Report = Annotated[
    Path | None, typer.Option(help="Where rejected lines go. Default: FILE.rejected.csv")
]
SkipUndecodable = Annotated[
    bool, typer.Option("--skip-undecodable", help="Reject lines that are not UTF-8 singly.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a report that is there.")]
