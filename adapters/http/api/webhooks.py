"""The state of webhooks; changing them is among the operations."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from adapters.http.gate import Here, of
from adapters.http.reading.webhooks import own, standing_told, visible
from engine.answers.telling.rows import all_told
from engine.work.permissions import Act

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
Operates = Annotated[Here, of(Act.OPERATE)]


@router.get("")
def webhooks(asks: Operates) -> dict[str, Any]:
    """Which webhooks are there, and how far is each?"""
    return {"webhooks": [standing_told(each) for each in visible(asks.site.webhooks, asks.caller)]}


@router.get("/{webhook}")
def webhook(asks: Operates) -> dict[str, Any]:
    return standing_told(own(asks.site.webhooks, asks.names["webhook"], asks.caller))


@router.get("/{webhook}/verifier")
def webhook_verifier(asks: Operates) -> dict[str, Any]:
    """With what does its receiver verify signatures? A secret, where the scheme is HMAC."""
    found = own(asks.site.webhooks, asks.names["webhook"], asks.caller)
    return {"verifier": asks.site.webhooks.verifier(found.endpoint.id)}


@router.get("/{webhook}/deliveries")
def webhook_deliveries(
    asks: Operates,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    failed: bool = False,
) -> dict[str, Any]:
    """What was tried? The newest first."""
    found = own(asks.site.webhooks, asks.names["webhook"], asks.caller)
    tried = asks.site.webhooks.deliveries(found.endpoint.id, limit, failed=failed)
    return {"deliveries": all_told(tried)}
