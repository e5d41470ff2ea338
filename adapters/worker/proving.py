"""The turn of the proof: one worker of a store signs new entries, and never another history.

No command waits for it: everything it signs was committed before.
"""

from collections.abc import Callable

import structlog

from adapters.composition.programs import Program
from adapters.composition.proofs import (
    ABOUT_WITNESSES,
    sequencer_of,
    signers_of,
    tell_operators,
    witnesses_of,
)
from adapters.proof.folder import FolderInUse
from adapters.proof.witnessing import Witnesses
from adapters.settings.errors import SettingsError
from engine.ports.errors import StoreError, StoreUnavailable
from engine.proof.errors import AnotherHistory, ProofError
from engine.proof.notes import NoteError
from engine.proof.sequencing import OTHER_HISTORY

log = structlog.get_logger("sendledger.proof")

ABOUT = "proof"
"""The subject under which operators are told."""
AT_A_TURN = 50_000
"""Entries per turn: a long log gets checkpoints on the way, and a worker can stop soon."""


class Proving:
    """Signs checkpoints. ``alone``: whether this worker holds the role."""

    def __init__(self, program: Program, alone: Callable[[], bool]) -> None:
        self._settings, self._opened, engine = program
        self._alone, self._fence = alone, engine.fence
        self._signed: int | None = None
        """The number of entries signed, after a turn without errors."""
        self._witnesses: Witnesses | None = None

    def turn(self) -> None:
        """Sign new entries. Raises ``StoreUnavailable``."""
        if not self._alone() or self._fence.closed() is not None:
            self._signed = None
        elif self._signed != self._opened.store.last_entry() + 1 or self._lacks_quorum:
            try:
                self._sign()
            except StoreUnavailable:
                raise
            except FolderInUse as error:
                log.info("not signed yet", reason=str(error))
            except (ProofError, NoteError, SettingsError, StoreError) as error:
                self._refused(error)

    def close(self) -> None:
        if self._witnesses is not None:
            self._witnesses.close()

    @property
    def _lacks_quorum(self) -> bool:
        return self._witnesses is not None and self._witnesses.lacks_quorum

    def _sign(self) -> None:
        folder = self._settings.proof_folder
        assert folder is not None
        signers = signers_of(self._settings, self._opened.store)
        self._witnesses = self._witnesses or witnesses_of(self._settings)
        sequencer = sequencer_of(self._opened, signers, folder, self._witnesses)
        found = sequencer.advance(most=AT_A_TURN)
        if self._signed is None:
            self._opened.coordination.calm(ABOUT)
            log.info("signing", origin=found.origin, entries=found.size, folder=str(folder))
        self._signed = found.size
        self._tell_of(self._witnesses)

    def _tell_of(self, witnesses: Witnesses | None) -> None:
        for name, said in witnesses.failed.items() if witnesses else ():
            log.warning("not cosigned", witness=name, reason=said)
        trouble = witnesses.trouble if witnesses else None
        if tell_operators(self._opened.coordination, ABOUT_WITNESSES, trouble):
            log.error("published without all witnesses", reason=trouble)

    def _refused(self, error: Exception) -> None:
        """Report the error; fence the store if its history is not the one that was signed (M6)."""
        self._signed = None
        if tell_operators(self._opened.coordination, ABOUT, str(error)):
            log.error("nothing is signed", reason=str(error))
        if isinstance(error, AnotherHistory):
            self._opened.fence.close(OTHER_HISTORY)
