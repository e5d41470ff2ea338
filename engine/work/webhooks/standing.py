"""The status of webhooks, for ``health``."""

from collections.abc import Iterator

from engine.answers.health import WebhookStanding
from engine.ports.log import Log
from engine.work.webhooks.endpoint import Status
from engine.work.webhooks.ports import KeptEndpoints


def standings(log: Log, endpoints: KeptEndpoints) -> Iterator[WebhookStanding]:
    """The status of every webhook. Raises ``StoreError``."""
    now = log.now()
    for each in endpoints.all():
        seconds = 0.0
        if each.status is Status.ACTIVE:
            for entry in log.entries(each.has_all_until, 1):
                seconds = max((now - entry.envelope.recorded_at).total_seconds(), 0.0)
        yield WebhookStanding(each.id, each.status, each.reason, seconds)
