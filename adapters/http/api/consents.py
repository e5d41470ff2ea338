"""The state of consents that were begun by ``POST /v1/consents``."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from adapters.http.commands.consents import how_it_stands
from adapters.http.gate import Here, of
from engine.work.permissions import Act

router = APIRouter(tags=["consents"])


class ConsentTold(BaseModel):
    consent_id: str
    account_id: str
    slot_id: str
    provider: str
    settings: dict[str, Any]
    good_until: str
    state: Literal["waiting", "connected", "refused", "expired"]
    refusal: dict[str, Any] | None = None
    """Why it was refused, in the form of a problem."""


@router.get(
    "/consents/{consent_id}",
    operation_id="consent",
    summary="Was the consent given, and is the mailbox connected?",
    response_model=ConsentTold,
)
def consent(asks: Annotated[Here, of(Act.RUN)]) -> Response:
    return JSONResponse(how_it_stands(asks.site, asks.workspace, asks.names["consent_id"]))
