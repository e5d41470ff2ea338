"""The state of webhooks; changing them is among the operations."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from adapters.http.gate import Here, of
from adapters.http.names import path_names
from adapters.http.reading.webhooks import own, standing_told, visible
from adapters.http.site import Site
from engine.answers.telling.rows import all_told
from engine.work.permissions import Act

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
Operates = Annotated[Here, of(Act.OPERATE)]


@router.get("")
def webhooks(request: Request, asks: Operates) -> dict[str, Any]:
    """Which webhooks are there, and how far is each?"""
    site: Site = request.app.state.site
    return {"webhooks": [standing_told(each) for each in visible(site.webhooks, asks.caller)]}


@router.get("/{webhook}")
def webhook(request: Request, asks: Operates) -> dict[str, Any]:
    site: Site = request.app.state.site
    return standing_told(own(site.webhooks, path_names(request)["webhook"], asks.caller))


@router.get("/{webhook}/verifier")
def webhook_verifier(request: Request, asks: Operates) -> dict[str, Any]:
    """With what does its receiver verify signatures? A secret, where the scheme is HMAC."""
    site: Site = request.app.state.site
    found = own(site.webhooks, path_names(request)["webhook"], asks.caller)
    return {"verifier": site.webhooks.verifier(found.endpoint.id)}


@router.get("/{webhook}/deliveries")
def webhook_deliveries(
    request: Request,
    asks: Operates,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    failed: bool = False,
) -> dict[str, Any]:
    """What was tried? The newest first."""
    site: Site = request.app.state.site
    found = own(site.webhooks, path_names(request)["webhook"], asks.caller)
    tried = site.webhooks.deliveries(found.endpoint.id, limit, failed=failed)
    return {"deliveries": all_told(tried)}
