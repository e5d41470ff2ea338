"""Who the caller is, as this program sees it."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from adapters.http.gate import Here, of
from adapters.http.reading.answers import Asker
from engine.work.permissions import MAY, Act

router = APIRouter(prefix="/caller", tags=["caller"])


@router.get("", response_model=Asker)
def caller(asks: Annotated[Here, of(Act.READ)]) -> Response:
    """Who asks, about which workspace, and what may they do there?"""
    name, role, _ = asks.caller
    told = {"name": name, "role": role, "workspace": asks.workspace, "may": sorted(MAY[role])}
    return JSONResponse(told)
