"""Endpoints of webhooks and what was tried, kept beside a store's log."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import Row, SmallTable, TableStore
from engine.work.webhooks.endpoint import Delivery, Endpoint, Lane, Status

KEPT = 1_000
"""Deliveries of an endpoint that succeeded."""
KEPT_FOR = timedelta(days=90)
"""Those that failed."""
FOLDER = Path(__file__).parent


class StoredEndpoints:
    """Implements ``KeptEndpoints``."""

    def __init__(self, store: TableStore) -> None:
        self._endpoints = SmallTable(store, FOLDER / "webhook_endpoints.sql")
        self._deliveries = SmallTable(store, FOLDER / "webhook_deliveries.sql")

    def all(self) -> Sequence[Endpoint]:
        return [_endpoint(row) for row in self._endpoints.rows("all")]

    def find(self, endpoint_id: str) -> Endpoint | None:
        row = self._endpoints.row("find", id=endpoint_id)
        return _endpoint(row) if row else None

    def add(self, endpoint: Endpoint) -> None:
        self._endpoints.write("add", **_columns(endpoint))

    def save(self, endpoint: Endpoint) -> Endpoint | None:
        if not self._endpoints.write("save", **_columns(endpoint)):
            return None
        return endpoint._replace(version=endpoint.version + 1)

    def remove(self, endpoint_id: str) -> bool:
        removed = self._endpoints.write("remove", id=endpoint_id)
        self._deliveries.write("remove", endpoint_id=endpoint_id)
        return bool(removed)

    def note(self, endpoint_id: str, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        good = [each for each in deliveries if each.delivered][-KEPT:]
        bad = [each for each in deliveries if not each.delivered]
        before = to_micros(deliveries[-1].at - KEPT_FOR)
        with self._deliveries.changing() as change:
            for each in (*good, *bad):
                change("add", endpoint_id=endpoint_id, **_tried(each))
            change("keep", endpoint_id=endpoint_id, kept=KEPT - 1)
            change("forget", endpoint_id=endpoint_id, before=before)

    def deliveries(
        self, endpoint_id: str, limit: int, *, failed: bool = False
    ) -> Sequence[Delivery]:
        most = 0 if failed else 1
        found = self._deliveries.rows("newest", endpoint_id=endpoint_id, most=most, limit=limit)
        return [
            Delivery._make((*row[:3], from_micros(row[3]), bool(row[4]), *row[5:])) for row in found
        ]


def _delivery(row: Row) -> Delivery:
    return Delivery._make((*row[:3], from_micros(row[3]), bool(row[4]), *row[5:]))


def _tried(each: Delivery) -> dict[str, Any]:
    told = each._asdict()
    return {**told, "tried_at": to_micros(told.pop("at")), "delivered": int(each.delivered)}


def _columns(endpoint: Endpoint) -> dict[str, Any]:
    lanes = {
        workspace: (*lane[:2], _stored(lane.since), _stored(lane.next_at), lane.answer)
        for workspace, lane in endpoint.lanes.items()
    }
    return {
        **endpoint._asdict(),
        "types": json.dumps(list(endpoint.types)),
        "lanes": json.dumps(lanes),
        "created_at": to_micros(endpoint.created_at),
        "parked_at": _stored(endpoint.parked_at),
        "told": int(endpoint.told),
    }


def _endpoint(row: Row) -> Endpoint:
    lanes = {
        workspace: Lane(entry, attempts, _moment(since), _moment(next_at), answer)
        for workspace, (entry, attempts, since, next_at, answer) in json.loads(row[9]).items()
    }
    return Endpoint(
        id=row[0],
        version=row[1],
        workspace=row[2],
        url=row[3],
        types=tuple(json.loads(row[4])),
        owner=row[5],
        status=Status(row[6]),
        reason=row[7],
        entry=row[8],
        lanes=lanes,
        created_at=from_micros(row[10]),
        parked_at=_moment(row[11]),
        told=bool(row[12]),
    )


def _stored(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else from_micros(stored)
