"""Proofs of an event and of a stop, by the folder of the setting ``proof_folder``."""

from collections.abc import Mapping

from adapters.http.problems import NotFound, Problem
from adapters.http.reading.questions import is_in_log
from adapters.http.site import Site
from adapters.proved import Proofs
from engine.proof.case_file import CaseFile, SignedEvents
from engine.proof.notes import Checkpoint, NoteError, unverified
from engine.work.permissions import Caller


def event_proof(
    site: Site, workspace: str, position: str, noted: Checkpoint | None = None
) -> SignedEvents:
    """Raises ``NotFound``, ``ProofError`` and ``NoteError``."""
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
    """Recorded as a look at the case before it is told. Raises ``ProofError`` and ``NoteError``."""
    campaign_id, recipient_id = names["campaign_id"], names["recipient_id"]
    found = _proofs(site).case((workspace, campaign_id, recipient_id), noted)
    site.looks.record(caller, workspace, campaign_id, recipient_id)
    return found


def noted_in(text: str | None) -> Checkpoint | None:
    """Raises ``Problem`` for what is no checkpoint."""
    try:
        return None if text is None else unverified(text)
    except NoteError as error:
        raise Problem(422, "no_checkpoint", f"since: {error}") from None


def _proofs(site: Site) -> Proofs:
    return Proofs.of(site.reader, site.settings.proof_folder)
