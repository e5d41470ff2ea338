"""Saved views of the log."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.gate import Here, of
from engine.answers.telling.rows import all_told
from engine.work.permissions import Act
from engine.work.saved_filters import SavedFilter

router = APIRouter(tags=["history"])


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(max_length=4_000)]
    """As it stands in the address of ``/v1/events``: ``type=RecipientStopped&newest=true``."""


@router.get("/saved-filters")
def saved_filters(asks: Annotated[Here, of(Act.READ_LOG)]) -> dict[str, Any]:
    """Which views of the log has the caller saved?"""
    return {"filters": all_told(asks.site.filters.of(asks.caller.name), ("name", "query"))}


@router.put("/saved-filters/{name}", status_code=204)
def save_filter(asks: Annotated[Here, of(Act.READ_LOG)], kept: Query) -> None:
    """Save a view of the log under that name, in place of the one there."""
    asks.site.filters.save(SavedFilter(asks.caller.name, asks.names["name"], kept.query))


@router.delete("/saved-filters/{name}", status_code=204)
def remove_filter(asks: Annotated[Here, of(Act.READ_LOG)]) -> None:
    asks.site.filters.remove(asks.caller.name, asks.names["name"])
