"""Proofs for people: a page says what is signed, and a stop's case file can be downloaded."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from adapters.composition.proved import HOW_TO_VERIFY
from adapters.http.console.pages import Looking, Page
from adapters.http.problems import problem_of
from adapters.http.reading.proofs import case_file, event_proof
from engine.answers.telling.signed import signed
from engine.proof.errors import ProofError
from engine.proof.notes import NoteError, unverified
from engine.work.permissions import Act

router = APIRouter(include_in_schema=False)
DOWNLOADED = {"Content-Disposition": 'attachment; filename="case.json"'}


@router.get("/campaigns/{campaign_id}/recipients/{recipient_id}/proof")
def download(page: Looking) -> Response:
    page.require(Act.READ_CASE)
    found = case_file(page.here)
    return Response(found.octets, headers=DOWNLOADED, media_type="application/json")


def proof_of_event(page: Page, position: str) -> dict[str, Any]:
    """A sentence about the event's proof, and a link to the proof if there is one."""
    try:
        found = event_proof(page.here, position)
    except (ProofError, NoteError) as error:
        return {"told": problem_of(error).sentence, "link": None}
    told = signed(found.events[0].entry, unverified(found.checkpoint))
    link = page.link(f"/v1/events/{position}/proof")
    return {"told": told, "link": link, "how": HOW_TO_VERIFY}
