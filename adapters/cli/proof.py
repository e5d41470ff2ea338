"""``sendledger proof``: sign how far the log is, so that nobody can rewrite it unnoticed."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import settings_of
from adapters.screen.errors import explained
from adapters.screen.options import Json
from adapters.screen.output import print_json, say
from adapters.screen.program import group
from adapters.screen.where import WholeStore

app = group(no_args_is_help=True)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where the new key goes; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Make the key that signs checkpoints. Name its file in the setting `proof_key_file`."""
    from adapters.proof.signing import make_key
    from engine.proof.errors import ProofError

    with explained(ProofError):
        make_key(file)
    if as_json:
        print_json({"file": str(file)})
        return
    say(f"Made a key in {file}. Name the file in the setting proof_key_file.")
    say("Keep it where those who can change the database cannot read it.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the tree is, or is to be.")],
    key_out: Annotated[
        Path | None, typer.Option(help="Write the key by which others verify to this file.")
    ] = None,
    *,
    at: WholeStore,
) -> None:
    """Add what came since to the tree in a folder, and sign it: tiles and a checkpoint (C2SP)."""
    from adapters.composition import running
    from adapters.proofs import sequencer_of, signer_of
    from adapters.screen.progress import progress
    from engine.proof.errors import ProofError
    from engine.proof.notes import NoteError

    with explained(ProofError, NoteError), running(settings_of(at)) as program:
        settings, opened, _ = program
        signer = signer_of(settings, opened.store)
        sequencer = sequencer_of(opened, signer, folder)
        with progress("Signing", opened.store.last_entry() + 1) as moved:
            found = sequencer.advance(moved)
        key = str(signer.verifier_key)
        if key_out is not None:
            key_out.write_text(f"{key}\n", encoding="ascii")
    if at.as_json:
        told = {"origin": found.origin, "entries": found.size, "root": found.root.hex()}
        print_json({**told, "key": key})
        return
    say(f"Signed: {found.size:,} entries of {found.origin} have the root {found.root.hex()}.")
    say(f"Whoever verifies needs this key: {key}")
    say("Auditors note the checkpoint, or keep a copy of the file, where nobody else can write.")
