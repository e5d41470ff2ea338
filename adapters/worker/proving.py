"""The proof's turn: one worker of a store signs what came, and never another history.

No command waits for it: what is signed was committed before.
"""

from collections.abc import Callable

import structlog

from adapters.composition import Program
from adapters.proof.folder import FolderInUse
from adapters.proofs import sequencer_of, signer_of
from adapters.settings import SettingsError
from engine.ports.errors import StoreError, StoreUnavailable
from engine.proof.errors import AnotherHistory, ProofError
from engine.proof.notes import NoteError

log = structlog.get_logger("sendledger.proof")

ABOUT = "proof"
"""What operators are told about."""
AT_A_TURN = 50_000
"""Entries: a long log gets checkpoints on its way, and a worker that is to stop soon does."""


class Proving:
    """``alone``: is it this worker that signs?"""

    def __init__(self, program: Program, alone: Callable[[], bool]) -> None:
        self._settings, self._opened, engine = program
        self._alone, self._fence = alone, engine.fence
        self._signed: int | None = None
        """Entries, after a turn that was well."""

    def turn(self) -> None:
        """Raises ``StoreUnavailable``."""
        if not self._alone() or self._fence.closed() is not None:
            self._signed = None
        elif self._signed != self._opened.store.last_entry() + 1:
            try:
                self._sign()
            except StoreUnavailable:
                raise
            except FolderInUse as error:
                log.info("not signed yet", reason=str(error))
            except (ProofError, NoteError, SettingsError, StoreError) as error:
                self._refused(error)

    def _sign(self) -> None:
        folder = self._settings.proof_folder
        assert folder is not None
        signer = signer_of(self._settings, self._opened.store)
        found = sequencer_of(self._opened, signer, folder).advance(most=AT_A_TURN)
        if self._signed is None:
            self._opened.coordination.calm(ABOUT)
            log.info("signing", origin=found.origin, entries=found.size, folder=str(folder))
        self._signed = found.size

    def _refused(self, error: Exception) -> None:
        """M6: a log that is not the one that was signed was brought back, or changed."""
        self._signed = None
        coordination, said = self._opened.coordination, str(error)
        if all(each.text != said for each in coordination.alarms()):
            coordination.calm(ABOUT)
        if coordination.alarm(ABOUT, said):
            log.error("nothing is signed", reason=said)
        if isinstance(error, AnotherHistory):
            self._opened.fence.close("its checkpoint is of another history")
