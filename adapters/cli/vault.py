"""``sendledger vault``: the vault's keys, and whether they can read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import settings_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.options import Json
from adapters.screen.output import print_json, say
from adapters.screen.program import group
from adapters.screen.where import WholeStore

if TYPE_CHECKING:
    from adapters.composition.programs import Program

app = group(no_args_is_help=True)

DropDamaged = Annotated[
    bool, typer.Option("--drop-damaged", help="Remove secrets that no key opens; without it, stop.")
]


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where the new key goes; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Make a key file, readable by nobody else. Name it in the setting `vault_key_file`."""
    from adapters.composition.vaults import new_vault_key

    with explained():
        key_id = new_vault_key(file)
    if as_json:
        print_json({"file": str(file), "key": key_id})
        return
    say(f"Made the key {key_id} in {file}. Name the file in the setting vault_key_file.")
    say("Keep a copy apart from the store: without it, every account must be reconnected.")


@app.command()
def check(*, at: WholeStore) -> None:
    """Check that every secret can be read with the keys there are. Exit 1 if not."""
    from adapters.composition.vaults import check_vault

    with _program(at) as program:
        found = check_vault(program.opened, program.settings)
    if at.as_json:
        print_json({"secrets": found.secrets, "keys": found.keys, "findings": [*found.problems]})
    else:
        for problem in found.problems or [f"Nothing found; {_secrets(found.secrets)}."]:
            say(problem)
    raise typer.Exit(EXIT_FAILED if found.problems else 0)


@app.command()
def rotate(drop_damaged: DropDamaged = False, *, at: WholeStore) -> None:
    """Encrypt every secret with a new key. If it is interrupted, run it again."""
    from adapters.composition.vaults import rotate_vault

    with _program(at) as program:
        done = rotate_vault(program.opened, program.settings, drop_damaged=drop_damaged)
        kept = program.settings.vault_key_file is None
    if at.as_json:
        print_json({"key": done.key_id, "resealed": done.resealed, "removed": done.removed})
        return
    say(f"The vault is encrypted with the key {done.key_id}; {_secrets(done.resealed)} anew.")
    if done.removed:
        what = "Remove from SENDLEDGER_VAULT_KEY" if kept else "Removed from the file"
        say(f"{what}: {', '.join(done.removed)}.")


@contextmanager
def _program(at: WholeStore) -> "Iterator[Program]":
    from adapters.composition.programs import running

    with explained(), running(settings_of(at)) as program:
        yield program


def _secrets(count: int) -> str:
    return "1 secret" if count == 1 else f"{count} secrets"
