"""Webhooks as JSON, the same on every interface. It contains no secret."""

from typing import Any

from engine.work.webhooks.endpoint import Delivery, Lane
from engine.work.webhooks.managing import Standing
from events.vocabulary import instant_text


def standing_json(found: Standing) -> dict[str, Any]:
    endpoint = found.endpoint
    failing = {name: each for name, each in endpoint.lanes.items() if each.attempts}
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "workspace": endpoint.workspace,
        "types": [*endpoint.types],
        "owner": endpoint.owner,
        "status": endpoint.status,
        "reason": endpoint.reason or None,
        "created_at": instant_text(endpoint.created_at),
        "parked_at": endpoint.parked_at and instant_text(endpoint.parked_at),
        "owner_told": endpoint.told,
        "delivered_until": found.delivered_until,
        "last_position": found.last_position,
        "failing": [{"workspace": name, **_lane(each)} for name, each in failing.items()],
    }


def delivery_json(each: Delivery) -> dict[str, Any]:
    return {
        **each._asdict(),
        "at": instant_text(each.at),
        "status": each.status or None,
        "answer": each.answer or None,
    }


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "attempts": lane.attempts,
        "since": lane.since and instant_text(lane.since),
        "next_at": lane.next_at and instant_text(lane.next_at),
        "answer": lane.answer,
    }
