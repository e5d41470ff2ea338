"""Webhooks as they are told: how far each one is, and what was tried."""

from typing import Any

from engine.answers.telling.rows import told
from engine.work.permissions import Caller
from engine.work.webhooks.endpoint import NoSuchWebhook
from engine.work.webhooks.managing import Standing, Webhooks

COLUMNS = (
    *("id", "workspace", "url", "types", "owner", "status", "reason", "created_at", "parked_at"),
)


def standing_told(standing: Standing) -> dict[str, Any]:
    endpoint, delivered_until, last = standing
    lanes = {
        name: {"attempts": each.attempts, "next_at": told(each, ("next_at",))["next_at"],
               "answer": each.answer}
        for name, each in endpoint.lanes.items()
        if each.attempts
    }  # fmt: skip
    return {
        **told(endpoint, COLUMNS),
        "delivered_until": delivered_until,
        "last_position": last,
        "failing": lanes,
    }


def visible(webhooks: Webhooks, caller: Caller) -> list[Standing]:
    return [each for each in webhooks.list() if _is_visible(each, caller)]


def own(webhooks: Webhooks, webhook: str, caller: Caller) -> Standing:
    """The webhook. Raises ``NoSuchWebhook``, also for one that is not the caller's."""
    found = webhooks.show(webhook)
    if not _is_visible(found, caller):
        raise NoSuchWebhook(webhook=webhook)
    return found


def _is_visible(standing: Standing, caller: Caller) -> bool:
    return caller.workspace in (None, standing.endpoint.workspace)
