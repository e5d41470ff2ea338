"""Endpoints of webhooks and what was tried, kept as JSON beside a store's log."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pydantic import TypeAdapter

from adapters.stores.small_tables.small_table import Row, StoredTable
from engine.work.webhooks.endpoint import Delivery, Endpoint

KEPT = 1_000
"""Deliveries of an endpoint that succeeded."""
KEPT_FOR = timedelta(days=90)
"""Those that failed."""
ENDPOINT, DELIVERY = TypeAdapter(Endpoint), TypeAdapter(Delivery)


class StoredEndpoints(StoredTable):
    """Implements ``KeptEndpoints``."""

    def all(self) -> Sequence[Endpoint]:
        found = map(_endpoint, self._table.rows("all"))
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def find(self, endpoint_id: str) -> Endpoint | None:
        row = self._table.row("find", id=endpoint_id)
        return _endpoint(row) if row else None

    def add(self, endpoint: Endpoint) -> None:
        self._write("add", endpoint)

    def save(self, endpoint: Endpoint) -> Endpoint | None:
        if not self._write("save", endpoint):
            return None
        return endpoint._replace(version=endpoint.version + 1)

    def remove(self, endpoint_id: str) -> bool:
        with self._table.changing() as change:
            change.count("remove_deliveries", endpoint_id=endpoint_id)
            return bool(change.count("remove", id=endpoint_id))

    def note(self, endpoint_id: str, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        good = [each for each in deliveries if each.delivered][-KEPT:]
        bad = [each for each in deliveries if not each.delivered]
        before = deliveries[-1].at - KEPT_FOR
        with self._table.changing() as change:
            change.each("add_delivery", [_columns(endpoint_id, each) for each in (*good, *bad)])
            change.count("keep", endpoint_id=endpoint_id, kept=KEPT - 1)
            change.count("forget", endpoint_id=endpoint_id, before=before)

    def deliveries(
        self, endpoint_id: str, limit: int, *, failed: bool = False
    ) -> Sequence[Delivery]:
        most = 0 if failed else 1
        found = self._table.rows("newest", endpoint_id=endpoint_id, most=most, limit=limit)
        return [DELIVERY.validate_json(each) for (each,) in found]

    def _write(self, statement: str, endpoint: Endpoint) -> int:
        told = ENDPOINT.dump_json(endpoint).decode()
        version = endpoint.version
        return self._table.write(statement, id=endpoint.id, version=version, endpoint=told)


def _columns(endpoint_id: str, each: Delivery) -> Mapping[str, object]:
    return {
        "endpoint_id": endpoint_id,
        "delivered": int(each.delivered),
        "tried_at": each.at,
        "position": each.position,
        "delivery": DELIVERY.dump_json(each).decode(),
    }


def _endpoint(row: Row) -> Endpoint:
    return ENDPOINT.validate_json(row[1])._replace(version=row[0])
