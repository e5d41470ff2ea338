"""The proof of an opened store's history: what signs it, what it is committed to, where it is."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from adapters.proof.folder import TileFolder
from adapters.proof.signing import FileSigner, read_key, verifies
from adapters.settings import EngineSettings, SettingsError
from adapters.stores.opening import Opened
from adapters.stores.small_tables.workspace_secrets import StoredWorkspaceSecrets
from engine.ports.log import Entry, Log
from engine.proof.errors import ProofError
from engine.proof.notes import NoteError, unverified
from engine.proof.sequencing import Commitments, Sequencer


def signer_of(settings: EngineSettings, log: Log) -> FileSigner:
    """Under the log's name; a new generation is another log. Raises ``SettingsError`` and
    ``ProofError``."""
    if settings.proof_key_file is None:
        raise SettingsError(
            "Setting proof_key_file: name the file with the key that signs checkpoints, as "
            "`sendledger proof init` makes one."
        )
    store_id, generation = log.identity
    name = f"{settings.proof_name}/{store_id}/{generation}"
    return FileSigner(name, read_key(settings.proof_key_file))


def commitments_of(
    opened: Opened, see: Callable[[Entry], object] = lambda _entry: None
) -> Commitments:
    """Of what was signed before. ``see`` hears of each entry."""
    return Commitments(opened.store, StoredWorkspaceSecrets(opened.beside).known, see)


def sequencer_of(opened: Opened, signer: FileSigner, folder: Path) -> Sequencer:
    """Keeps the tree in that folder."""
    secrets = StoredWorkspaceSecrets(opened.beside)
    commitments = Commitments(opened.store, secrets.of)
    return Sequencer(opened.store, commitments, TileFolder(folder), signer, verifies)


def signed_entries(folder: Path) -> int:
    """How many, as the folder's checkpoint says; nobody has verified it."""
    with suppress(ProofError, NoteError):
        note = TileFolder(folder).checkpoint()
        return unverified(note).size if note is not None else 0
    return 0
