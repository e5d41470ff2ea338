"""Whether the history is the one that was signed, in a folder, a case file or a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from adapters.cli.auditing.reading import reading, settings_for
from adapters.composition.programs import asking
from adapters.composition.proofs import commitments_of, policy_of
from adapters.proof.folder import TileFolder
from adapters.proof.signing import verifies
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say
from adapters.screen.progress import progress
from adapters.screen.where import WholeStore
from engine.answers.telling.words import counted
from engine.audit.people import CommittedPeople, Compared, compared
from engine.audit.stop_case import require_told
from engine.proof.case_file import CaseFile, read
from engine.proof.errors import ProofError
from engine.proof.notes import (
    ANY_KEY,
    Checkpoint,
    NotANote,
    NoteError,
    NotSigned,
    VerifierKey,
    opened,
    unverified,
)
from engine.proof.policy import Policy
from engine.proof.verifying import Difference, Later, followed, later_than, require_whole, verified

LARGEST = 1 << 20
"""Octets in the file of a checkpoint or a key."""
LARGEST_CASE = 64 << 20
KEPT = 1_000
"""Differences of the directory that are listed one by one."""


class Held(NamedTuple):
    """The result of checking a store against a checkpoint."""

    difference: Difference | None = None
    people: Compared | None = None
    """The comparison of the directory; None if it was not compared."""
    later: Later | None = None
    """The generation in which the store lost something that was signed."""


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
        typer.Option(
            help="A file with the keys that signed it. Without one, nothing says who did."
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Refuse a checkpoint that lacks this policy's quorum of witnesses."),
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
    held = Held()
    with reading():
        try:
            trust = Trust.of(key, policy)
            if path is not None and path.is_file():
                found, signed = None, case_verified(path, checkpoint, trust)
            else:
                tiles = TileFolder(path) if path is not None else None
                signed = _signed(checkpoint, tiles, trust)
                if checkpoint is None and tiles is not None:
                    found = _of_folder(tiles, signed)
                else:
                    held = _of_store(at, signed, tiles)
                    found = held.difference
        except (NoteError, ProofError) as error:
            found, signed = Difference(None, str(error)), None
    is_case = bool(path and path.is_file())
    is_signed = key is not None or policy is not None
    _show(found, signed, at, held, of_case=is_case, is_signed=is_signed)
    raise typer.Exit(EXIT_FAILED if found else 0)


class Trust(NamedTuple):
    """What signed notes are verified with; if there is nothing, a note is only read."""

    keys: Sequence[VerifierKey] = ()
    """Of each algorithm among them, one key has to have signed."""
    policy: Policy | None = None

    @classmethod
    def of(cls, key: Path | None, policy: Path | None) -> "Trust":
        """The keys and the policy in these files. Raises ``NotANote`` and ``PolicyUnreadable``."""
        keys = [VerifierKey.of(each) for each in _text(key).split()] if key is not None else []
        if key is not None and not keys:
            raise NotANote(found=f"{key} holds no key")
        return cls(keys, policy_of(policy) if policy is not None else None)

    def opened(self, note: str) -> Checkpoint:
        """The note's checkpoint. Raises ``NotANote``, ``NotSigned`` and ``NoQuorum``."""
        found = unverified(note)
        if self.keys:
            own = [each for each in self.keys if each.name == found.origin]
            if not own:
                raise NotSigned(name=self.keys[0].name, keys=ANY_KEY)
            opened(note, own, verifies)
        if self.policy is not None:
            self.policy.require_signed(note, verifies)
            self.policy.require_quorum(note, verifies)
        return found


def _signed(noted: Path | None, tiles: TileFolder | None, trust: Trust) -> Checkpoint:
    note = _text(noted) if noted is not None else tiles.checkpoint() if tiles else None
    if note is None:
        fail("The folder has no checkpoint.", EXIT_UNREADABLE)
    return trust.opened(note)


def noted_in(file: Path) -> Checkpoint:
    """A checkpoint that somebody noted, with or without its signatures. Raises ``NotANote``."""
    return unverified(_text(file))


def case_verified(path: Path, noted: Path | None, trust: Trust) -> Checkpoint:
    """The checkpoint under which a file's events were signed.

    ``noted``: an older checkpoint, from which the log must have grown. Raises ``ProofError`` and
    ``NoteError``.
    """
    file = read(_text(path, LARGEST_CASE))
    signed = trust.opened(file.checkpoint)
    file.require_proved(signed, noted_in(noted) if noted else None)
    if isinstance(file, CaseFile):
        require_told(file)
    return signed


def _of_folder(tiles: TileFolder, signed: Checkpoint) -> Difference | None:
    with progress("Verifying", signed.size) as moved:
        require_whole(tiles, signed, moved)
    return None


def _of_store(at: WholeStore, signed: Checkpoint, tiles: TileFolder | None) -> Held:
    with asking(settings_for(at.store)) as found, progress("Verifying", signed.size) as moved:
        log, people = found.store, CommittedPeople(signed.size)
        commitments = commitments_of(found, people.add)
        store_id, generation = log.identity
        name, _, number = signed.origin.rpartition("/")
        if not (name.endswith(f"/{store_id}") and number in map(str, range(1, generation + 1))):
            told = f"the checkpoint is of {signed.origin}, the store is {store_id}/{generation}"
            return Held(Difference(None, told))
        later = later_than(log, int(number))
        if later is not None and later.first_entry < signed.size:
            return Held(followed(commitments, signed, tiles, later), later=later)
        end = log.last_entry() + 1
        if (difference := verified(commitments, end, signed, tiles, moved)) is not None:
            return Held(difference)
        directory = compared(people, log, found.directory)
    if directory.differences:
        different = counted(len(directory.differences), "recipient")
        told = f"the directory differs from the log in {different}"
        return Held(Difference(None, told), directory)
    return Held(None, directory)


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
    held: "Held",
    *,
    of_case: bool,
    is_signed: bool,
) -> None:
    people, later = held.people, held.later
    differences = people.differences if people else []
    notes = people.notes("as signed") if people else []
    if at.as_json:
        about: dict[str, object] = {}
        if signed:
            about = {"origin": signed.origin, "entries": signed.size}
        difference = found and {"entry": found.entry, "found": found.found}
        if later:
            about |= {"until": later.first_entry, "generation": later.number}
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
    elif later is not None and later.named is not None:
        say(f"Verified: the first {later.first_entry:,} of {log} are as they were signed.")
        say(f"Those after them were lost: generation {later.number} of the store begins there, and")
        say(f"names the last checkpoint, over {later.named.size:,} entries.")
    else:
        say(f"Verified: {log} are as they were signed.")
    if not is_signed:
        say("Who signed was not looked at: name the key with --key.")
