"""Proofs of an event and of a stop, from the folder that the setting ``proof_folder`` names."""

from adapters.composition.proved import Proofs
from adapters.http.gate import Here
from adapters.http.problems import NotFound, Problem
from adapters.http.reading.questions import is_in_log
from adapters.http.site import Site
from engine.proof.case_file import CaseFile, SignedEvents
from engine.proof.notes import Checkpoint, NoteError, unverified


def event_proof(asks: Here, position: str, noted: Checkpoint | None = None) -> SignedEvents:
    """The signed event with its proof. Raises ``NotFound``, ``ProofError`` and ``NoteError``."""
    proofs, found = _proofs(asks.site), None
    if is_in_log(asks.site.reader.store, position):
        found = proofs.event(asks.workspace, int(position), noted)
    if found is None:
        raise NotFound("event", position)
    return found


def case_file(asks: Here, noted: Checkpoint | None = None) -> CaseFile:
    """The case file; the look at it is recorded first. Raises ``ProofError`` and ``NoteError``."""
    about = asks.workspace, asks.names["campaign_id"], asks.names["recipient_id"]
    found = _proofs(asks.site).case(about, noted)
    asks.site.looks.record(asks.caller, *about)
    return found


def noted_in(text: str | None) -> Checkpoint | None:
    """The checkpoint in the text. Raises ``Problem`` for text that is not a checkpoint."""
    try:
        return None if text is None else unverified(text)
    except NoteError as error:
        raise Problem(422, "no_checkpoint", f"since: {error}") from None


def _proofs(site: Site) -> Proofs:
    return Proofs.of(site.reader, site.settings.proof_folder)
