"""Saved views of the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.gate import Here, of
from adapters.http.names import path_names
from adapters.http.site import Site
from engine.answers.telling.rows import all_told
from engine.work.permissions import Act
from engine.work.saved_filters import SavedFilter

router = APIRouter(tags=["history"])


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(max_length=4_000)]
    """As it stands in the address of ``/v1/events``: ``type=RecipientStopped&newest=true``."""


@router.get("/saved-filters")
def saved_filters(request: Request, asks: Annotated[Here, of(Act.READ_LOG)]) -> dict[str, Any]:
    """Which views of the log has the caller saved?"""
    site: Site = request.app.state.site
    return {"filters": all_told(site.filters.of(asks.caller.name), ("name", "query"))}


@router.put("/saved-filters/{name}", status_code=204)
def save_filter(request: Request, asks: Annotated[Here, of(Act.READ_LOG)], kept: Query) -> None:
    """Save a view of the log under that name, in place of the one there."""
    site: Site = request.app.state.site
    site.filters.save(SavedFilter(asks.caller.name, path_names(request)["name"], kept.query))


@router.delete("/saved-filters/{name}", status_code=204)
def remove_filter(request: Request, asks: Annotated[Here, of(Act.READ_LOG)]) -> None:
    site: Site = request.app.state.site
    site.filters.remove(asks.caller.name, path_names(request)["name"])
