"""Who asks, as this program sees him."""

from typing import Annotated, Any

from fastapi import APIRouter

from adapters.http.gate import Here, of
from engine.work.permissions import MAY, Act

router = APIRouter(prefix="/caller", tags=["caller"])


@router.get("")
def caller(asks: Annotated[Here, of(Act.READ)]) -> dict[str, Any]:
    """Who asks, about which workspace, and what he may do there."""
    name, role, _ = asks.caller
    return {"name": name, "role": role, "workspace": asks.workspace, "may": sorted(MAY[role])}
