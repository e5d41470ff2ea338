"""What a caller can have others verify: an event, or a stop."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adapters.http.gate import Here, of
from adapters.http.names import path_names
from adapters.http.reading import proofs
from adapters.http.reading.questions import RECIPIENT
from engine.proof.case_file import CaseFile, SignedEvents
from engine.work.permissions import Act

router = APIRouter(tags=["proof"])
JSON = "application/json"
Since = Annotated[
    str | None,
    Query(max_length=10_000, description="A checkpoint that was noted: the log grew from it."),
]


@router.get("/events/{position}/proof", response_model=SignedEvents)
def event_proof(
    request: Request, asks: Annotated[Here, of(Act.READ_LOG)], since: Since = None
) -> Response:
    """The event as it was recorded, and the proof that it was signed."""
    position, noted = path_names(request)["position"], proofs.noted_in(since)
    found = proofs.event_proof(request.app.state.site, asks.workspace, position, noted)
    return Response(found.octets, media_type=JSON)


@router.get(f"{RECIPIENT}/proof", response_model=CaseFile)
def recipient_proof(
    request: Request, asks: Annotated[Here, of(Act.READ_CASE)], since: Since = None
) -> Response:
    """Why a recipient was stopped, in a file that others verify offline. Recorded as a look."""
    site, names = request.app.state.site, path_names(request)
    noted = proofs.noted_in(since)
    found = proofs.case_file(site, asks.caller, asks.workspace, names, noted)
    return Response(found.octets, media_type=JSON)
