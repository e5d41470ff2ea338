"""Proofs of an event and of a stop, from the folder that the setting ``proof_folder`` names."""

from collections.abc import Mapping

from adapters.composition.proved import Proofs
from adapters.http.problems import NotFound, Problem
from adapters.http.reading.questions import is_in_log
from adapters.http.site import Site
from engine.proof.case_file import CaseFile, SignedEvents
from engine.proof.notes import Checkpoint, NoteError, unverified
from engine.work.permissions import Caller


def event_proof(
    site: Site, workspace: str, position: str, noted: Checkpoint | None = None
) -> SignedEvents:
    """The signed event with its proof. Raises ``NotFound``, ``ProofError`` and ``NoteError``."""
    proofs, found = _proofs(site), None
    if is_in_log(site.reader.store, position):
        found = proofs.event(workspace, int(position), noted)
    if found is None:
        raise NotFound("event", position)
    return found


def case_file(
    site: Site,
    caller: Caller,
    workspace: str,
    names: Mapping[str, str],
    noted: Checkpoint | None = None,
) -> CaseFile:
    """The case file; the look at it is recorded first. Raises ``ProofError`` and ``NoteError``."""
    campaign_id, recipient_id = names["campaign_id"], names["recipient_id"]
    found = _proofs(site).case((workspace, campaign_id, recipient_id), noted)
    site.looks.record(caller, workspace, campaign_id, recipient_id)
    return found


def noted_in(text: str | None) -> Checkpoint | None:
    """The checkpoint in the text. Raises ``Problem`` for text that is not a checkpoint."""
    try:
        return None if text is None else unverified(text)
    except NoteError as error:
        raise Problem(422, "no_checkpoint", f"since: {error}") from None


def _proofs(site: Site) -> Proofs:
    return Proofs.of(site.reader, site.settings.proof_folder)
