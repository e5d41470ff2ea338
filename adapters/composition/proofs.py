"""The proof of an opened store's history: what signs it, what it is committed to, where it is."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.proof.folder import LARGEST_NOTE, TileFolder
from adapters.proof.signing import FileSigner, read_keys, verifies
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from adapters.stores.small_tables.workspace_secrets import StoredWorkspaceSecrets
from engine.ports.coordination import Coordination
from engine.ports.log import Entry, Log
from engine.proof.errors import ProofError
from engine.proof.notes import NoteError, unverified
from engine.proof.policy import Policy, PolicyUnreadable
from engine.proof.sequencing import Commitments, LastSigned, Sequencer

if TYPE_CHECKING:
    from adapters.proof.witnessing import Witnesses

ABOUT_WITNESSES = "proof witnesses"
"""What operators are told about."""


def signers_of(settings: EngineSettings, log: Log) -> Sequence[FileSigner]:
    """Under the log's name; a new generation is another log. Raises ``SettingsError`` and
    ``ProofError``."""
    if settings.proof_key_file is None:
        raise SettingsError(
            "Setting proof_key_file: name the file with the key that signs checkpoints, as "
            "`sendledger proof init` makes one."
        )
    store_id, generation = log.identity
    name = f"{settings.proof_name}/{store_id}/{generation}"
    return [FileSigner(name, each) for each in read_keys(settings.proof_key_file)]


def commitments_of(
    opened: Opened, see: Callable[[Entry], object] = lambda _entry: None
) -> Commitments:
    """Of what was signed before. ``see`` hears of each entry."""
    return Commitments(opened.store, StoredWorkspaceSecrets(opened.beside).known, see)


def sequencer_of(
    opened: Opened,
    signers: Sequence[FileSigner],
    folder: Path,
    witnesses: "Witnesses | None" = None,
) -> Sequencer:
    """Keeps the tree in that folder."""
    secrets = StoredWorkspaceSecrets(opened.beside)
    commitments = Commitments(opened.store, secrets.of)
    tiles = TileFolder(folder)
    return Sequencer(opened.store, commitments, tiles, signers, verifies, cosigners=witnesses)


def policy_of(file: Path) -> Policy:
    """Raises ``PolicyUnreadable``."""
    try:
        with file.open("rb") as found:
            text = found.read(LARGEST_NOTE).decode(errors="surrogateescape")
    except OSError as error:
        raise PolicyUnreadable(policy=file, problem=error.strerror) from None
    return Policy.of(text, str(file))


def witnesses_of(settings: EngineSettings) -> "Witnesses | None":
    """Whom the policy names; none without one. Raises ``PolicyUnreadable``."""
    if settings.proof_policy is None:
        return None
    from adapters.proof.witnessing import Witnesses

    return Witnesses(policy_of(settings.proof_policy), verifies)


def tell_operators(coordination: Coordination, about: str, said: str | None) -> bool:
    """What is wrong now, in place of what was; nothing for None. Was it not told before?"""
    if all(each.text != said for each in coordination.alarms() if each.about == about):
        coordination.calm(about)
    return said is not None and coordination.alarm(about, said)


def last_signed_of(opened: Opened, folder: Path) -> LastSigned:
    return LastSigned(opened.store, commitments_of(opened), TileFolder(folder))


def signed_entries(folder: Path) -> int:
    """How many, as the folder's checkpoint says; nobody has verified it."""
    with suppress(ProofError, NoteError):
        note = TileFolder(folder).checkpoint()
        return unverified(note).size if note is not None else 0
    return 0
