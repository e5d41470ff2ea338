"""Is it the history that was signed? A folder or a case file alone, or a store."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.auditing.reading import reading, settings_for
from adapters.composition import asking
from adapters.proof.folder import TileFolder
from adapters.proof.signing import verifies
from adapters.proofs import commitments_of
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say
from adapters.screen.progress import progress
from adapters.screen.where import WholeStore
from engine.answers.telling.words import counted
from engine.audit.people import CommittedPeople, Compared, compared
from engine.audit.stop_case import require_told
from engine.proof.case_file import CaseFile, read
from engine.proof.errors import ProofError
from engine.proof.notes import Checkpoint, NoteError, NotSigned, VerifierKey, opened, unverified
from engine.proof.verifying import Difference, require_whole, verified

LARGEST = 1 << 20
"""Octets of a checkpoint's or a key's file."""
LARGEST_CASE = 64 << 20
KEPT = 1_000
"""Differences of the directory that are told one by one."""


def command(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of tiles, a case file, or an event's proof.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="The checkpoint that you noted; without one, the folder's."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="A file with the key that signed it. Without one, nothing says who did."),
    ] = None,
    *,
    at: WholeStore,
) -> None:
    """Verify that nothing was changed since it was signed. Exit 1 where something was.

    A folder alone: that its tiles lead to the signed root. With `--checkpoint`: that the store has
    exactly the entries that were signed, with the folder's help which one differs first; and that
    the directory has everybody as the log commits to. A case file: that its events were signed,
    and that what it tells is what they hold.
    """
    if path is None and checkpoint is None:
        fail("Name a folder of tiles or a case file, a --checkpoint, or both.", EXIT_UNREADABLE)
    people: Compared | None = None
    with reading():
        try:
            if path is not None and path.is_file():
                found, signed = None, case_verified(path, checkpoint, key)
            else:
                tiles = TileFolder(path) if path is not None else None
                signed = _signed(checkpoint, tiles, key)
                if checkpoint is None and tiles is not None:
                    found = _of_folder(tiles, signed)
                else:
                    found, people = _of_store(at, signed, tiles)
        except (NoteError, ProofError) as error:
            found, signed = Difference(None, str(error)), None
    _show(
        found, signed, at, people, of_case=bool(path and path.is_file()), is_signed=key is not None
    )
    raise typer.Exit(EXIT_FAILED if found else 0)


def _signed(noted: Path | None, tiles: TileFolder | None, key: Path | None) -> Checkpoint:
    note = _text(noted) if noted is not None else tiles.checkpoint() if tiles else None
    if note is None:
        fail("The folder has no checkpoint.", EXIT_UNREADABLE)
    return _opened(note, key)


def _opened(note: str, key: Path | None) -> Checkpoint:
    if key is None:
        return unverified(note)
    verifier = VerifierKey.of(_text(key))
    found = Checkpoint.of(opened(note, verifier, verifies))
    if found.origin != verifier.name:
        raise NotSigned(name=verifier.name)
    return found


def noted_in(file: Path) -> Checkpoint:
    """A checkpoint that somebody noted, with or without who signed it. Raises ``NotANote``."""
    return unverified(_text(file))


def case_verified(path: Path, noted: Path | None, key: Path | None) -> Checkpoint:
    """The checkpoint under which a file's events were signed.

    ``noted``: an older checkpoint, from which the log must have grown. Raises ``ProofError`` and
    ``NoteError``.
    """
    file = read(_text(path, LARGEST_CASE))
    signed = _opened(file.checkpoint, key)
    file.require_proved(signed, noted_in(noted) if noted else None)
    if isinstance(file, CaseFile):
        require_told(file)
    return signed


def _of_folder(tiles: TileFolder, signed: Checkpoint) -> Difference | None:
    with progress("Verifying", signed.size) as moved:
        require_whole(tiles, signed, moved)
    return None


def _of_store(
    at: WholeStore, signed: Checkpoint, tiles: TileFolder | None
) -> tuple[Difference | None, Compared | None]:
    with asking(settings_for(at.store)) as found, progress("Verifying", signed.size) as moved:
        store_id, generation = found.store.identity
        if not signed.origin.endswith(f"/{store_id}/{generation}"):
            told = f"the checkpoint is of {signed.origin}, the store is {store_id}/{generation}"
            return Difference(None, told), None
        end, people = found.store.last_entry() + 1, CommittedPeople(signed.size)
        commitments = commitments_of(found, people.add)
        if (difference := verified(commitments, end, signed, tiles, moved)) is not None:
            return difference, None
        directory = compared(people, found.store, found.directory)
    if directory.differences:
        number = counted(len(directory.differences), "recipient")
        return Difference(None, f"the directory differs from the log in {number}"), directory
    return None, directory


def _text(file: Path, largest: int = LARGEST) -> str:
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(largest).decode(errors="replace")
    except OSError as error:
        fail(f"{file}: {error.strerror}.", EXIT_UNREADABLE)


def _show(
    found: Difference | None,
    signed: Checkpoint | None,
    at: WholeStore,
    people: Compared | None,
    *,
    of_case: bool,
    is_signed: bool,
) -> None:
    differences = people.differences if people else []
    notes = people.notes("as signed") if people else []
    if at.as_json:
        about = {"origin": signed.origin, "entries": signed.size} if signed else {}
        difference = found and {"entry": found.entry, "found": found.found}
        told = {"verified": found is None, **about, "signed": is_signed, "why": difference}
        print_json({**told, "directory": differences, "notes": notes})
        return
    for each in (*differences[:KEPT], *notes):
        say(each)
    if found is not None:
        say(f"Not verified: {found.found.rstrip('.')}.")
        return
    assert signed is not None
    log = f"all {signed.size:,} entries of {signed.origin}"
    if of_case:
        say(f"Verified: what the file tells is recorded among {log}, word for word.")
    else:
        say(f"Verified: {log} are as they were signed.")
    if not is_signed:
        say("Who signed was not looked at: name the key with --key.")
