"""Why was this recipient stopped? A case file, which others can verify without us."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.auditing.verify import noted_in
from adapters.cli.common import settings_of
from adapters.composition import Opened, asking
from adapters.proof.folder import TileFolder
from adapters.proofs import commitments_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail
from adapters.screen.output_files import OutputFileError, appearing, require_free
from adapters.screen.where import Where
from engine.answers.history import History
from engine.audit.event_index import Places
from engine.audit.source import Source
from engine.audit.stop_case import rests_on, stop_case, told
from engine.proof.case_file import CaseFile, Prover
from engine.proof.errors import AnotherOrigin, NotAsSigned, ProofError
from engine.proof.notes import Checkpoint, NoteError, unverified
from engine.proof.tiles import nodes
from engine.stream.feed import entry_of


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
            made = proved(opened, TileFolder(folder), about, noted)
        with appearing(out, force=False) as file:
            file.write(f"{made.model_dump_json(indent=2)}\n".encode())
    events = len(made.events)
    wrote = f"Wrote {out}: {events} events about {recipient} in {campaign}, with their proofs."
    at.tell({"file": str(out), "events": events}, wrote)


def proved(
    opened: Opened, tiles: TileFolder, about: tuple[str, str, str], noted: Checkpoint | None
) -> CaseFile:
    """``about``: workspace, campaign and recipient. Raises ``ProofError`` and ``NoteError``."""
    log, note, workspace = opened.store, tiles.checkpoint() or "", about[0]
    tree = unverified(note)
    prover, keys = Prover(tree, nodes(tree.size, tiles.read)), commitments_of(opened)
    places, end = Places(Source(log, opened.views), workspace), _last_position(opened, tree)
    history = History(log, lambda *of: [each for each in places(*of) if each <= end], workspace)
    case = stop_case(history, *about)
    positions = [each.position for each in rests_on(case, history)]
    entries = [log.entries(entry_of(log, each) - 1, 1)[0] for each in positions]
    return CaseFile(
        sendledger_case=1,
        case=told(case, workspace),
        checkpoint=note,
        since=prover.since(noted) if noted else None,
        events=[prover.event(each, keys.key(each.envelope)) for each in entries],
    )


def _last_position(opened: Opened, tree: Checkpoint) -> int:
    """Of the tree's events, as the store has them."""
    own = "{}/{}".format(*opened.store.identity)
    if not tree.origin.endswith(f"/{own}"):
        raise AnotherOrigin(found=tree.origin, expected=own)
    if not (last := opened.store.entries(tree.size - 2, 1)):
        raise NotAsSigned(entry=tree.size - 1)
    return last[0].row[0] if last[0].row else last[0].envelope.first_position - 1
