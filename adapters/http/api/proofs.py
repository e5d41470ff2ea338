"""What a caller can have others verify: an event, or a stop."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from adapters.http.gate import Here, of
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
def event_proof(asks: Annotated[Here, of(Act.READ_LOG)], since: Since = None) -> Response:
    """The event as it was recorded, and the proof that it was signed."""
    found = proofs.event_proof(asks, asks.names["position"], proofs.noted_in(since))
    return Response(found.octets, media_type=JSON)


@router.get(f"{RECIPIENT}/proof", response_model=CaseFile)
def recipient_proof(asks: Annotated[Here, of(Act.READ_CASE)], since: Since = None) -> Response:
    """Why a recipient was stopped, in a file that others verify offline. Recorded as a look."""
    found = proofs.case_file(asks, proofs.noted_in(since))
    return Response(found.octets, media_type=JSON)
