"""``sendledger proof``: sign the log, so that nobody can rewrite it unnoticed."""

from contextlib import ExitStack
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
    file: Annotated[Path, typer.Argument(help="Where the new keys go; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Make the keys that sign checkpoints, Ed25519 and ML-DSA-44, in one file.

    Name it in the setting `proof_key_file`. A file that holds several pairs, one after the other,
    signs with all of them.
    """
    from adapters.proof.signing import make_keys
    from engine.proof.errors import ProofError

    with explained(ProofError):
        make_keys(file)
    if as_json:
        print_json({"file": str(file)})
        return
    say(f"Made keys in {file}. Name the file in the setting proof_key_file.")
    say("Keep them where those who can change the database cannot read it.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the tree is, or is to be.")],
    key_out: Annotated[
        Path | None, typer.Option(help="Write the keys by which others verify to this file.")
    ] = None,
    *,
    at: WholeStore,
) -> None:
    """Add the new entries to the tree in a folder, and sign it: tiles and a checkpoint (C2SP)."""
    from adapters.composition.programs import running
    from adapters.composition.proofs import (
        ABOUT_WITNESSES,
        sequencer_of,
        signers_of,
        tell_operators,
        witnesses_of,
    )
    from adapters.screen.progress import progress
    from engine.proof.errors import ProofError
    from engine.proof.notes import NoteError, key_of

    with (
        explained(ProofError, NoteError),
        running(settings_of(at)) as program,
        ExitStack() as stack,
    ):
        settings, opened, _ = program
        signers = signers_of(settings, opened.store)
        if witnesses := witnesses_of(settings):
            stack.callback(witnesses.close)
        sequencer = sequencer_of(opened, signers, folder, witnesses)
        with progress("Signing", opened.store.last_entry() + 1) as moved:
            found = sequencer.advance(moved)
        keys = [str(key_of(each)) for each in signers]
        if key_out is not None:
            key_out.write_text("".join(f"{each}\n" for each in keys), encoding="ascii")
        trouble = witnesses.trouble if witnesses else None
        tell_operators(opened.coordination, ABOUT_WITNESSES, trouble)
    if at.as_json:
        told = {"origin": found.origin, "entries": found.size, "root": found.root.hex()}
        print_json({**told, "key": keys[0], "keys": keys, "trouble": trouble})
        return
    say(f"Signed: {found.size:,} entries of {found.origin} have the root {found.root.hex()}.")
    say(f"Whoever verifies needs this key, or all that --key-out writes: {keys[0]}")
    say("Auditors note the checkpoint, or keep a copy of the file, where nobody else can write.")
    if trouble is not None:
        say(f"Published all the same: {trouble}")
