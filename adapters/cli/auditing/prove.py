"""Why a recipient was stopped: a case file that others can verify without us."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.auditing.verify import noted_in
from adapters.cli.common import settings_of
from adapters.composition.programs import asking
from adapters.composition.proved import Proofs
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail
from adapters.screen.output_files import OutputFileError, appearing, require_free
from adapters.screen.where import Where
from engine.proof.errors import ProofError
from engine.proof.notes import NoteError


def command(
    campaign: Annotated[str, typer.Option(help="The campaign in which the recipient is stopped.")],
    recipient: Annotated[str, typer.Option(help="The recipient's id.")],
    out: Annotated[Path, typer.Option(help="The case file to write.")],
    tiles: Annotated[
        Path | None, typer.Option(help="The folder of tiles. Default: the setting proof_folder.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="A checkpoint that was noted; the log grew from it.")
    ] = None,
    *,
    at: Where,
) -> None:
    """Write a file that proves one stop: why, who was told, and that all of it was signed."""
    settings = settings_of(at)
    folder = tiles or settings.proof_folder
    if folder is None:
        fail("Name the folder of tiles with --tiles, or in proof_folder.", EXIT_UNREADABLE)
    known = (ProofError, NoteError, OutputFileError)
    with explained(*known, stopped=f"Stopped. {out} was not written."):
        require_free(out, in_use=(), force=False)
        with asking(settings) as opened:
            about = settings.workspace, campaign, recipient
            noted = noted_in(since) if since else None
            made = Proofs.of(opened, folder).case(about, noted)
        with appearing(out, force=False) as file:
            file.write(made.octets)
    events = len(made.events)
    wrote = f"Wrote {out}: {events} events about {recipient} in {campaign}, with their proofs."
    at.tell({"file": str(out), "events": events}, wrote)
