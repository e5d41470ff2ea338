"""The stock side: the library's own aggregate, mapper and recorders, at their defaults."""

import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.ours import ANN, recipient

CHUNK = 5_000
"""Events of one ``save``; larger ones do the library no good."""


class StockCampaign(Aggregate):
    """The same facts the way the library's documentation writes them."""

    def __init__(self) -> None:
        self.recipients: dict[str, str] = {}

    @event("RecipientAdded")
    def add(self, recipient_id: str) -> None:
        self.recipients[recipient_id] = "pending"

    @event("SendReserved")
    def reserve(self, recipient_id: str, account_id: str, send_id: str) -> None:
        self.recipients[recipient_id] = f"{account_id} {send_id}"

    @event("EmailAccepted")
    def accept(self, recipient_id: str, account_id: str, send_id: str) -> None:
        self.recipients[recipient_id] = f"{account_id} {send_id} accepted"

    @event("RecipientStopped")
    def stop(self, recipient_id: str, account_id: str, incident_id: str, reason: str) -> None:
        self.recipients[recipient_id] = f"{account_id} {incident_id} {reason}"


def in_folder(folder: Path) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "SQLITE_DBNAME": str(folder / "stock.db"),
    }


class StockLedger:
    """One campaign of an application whose environment says where it is kept."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.app = Application[UUID](env=environment)
        self.campaign = StockCampaign()
        self.saving = 0.0
        """Seconds spent in ``save`` so far."""
        self.processor = 0.0
        """Likewise, of this process."""
        self.save()

    def save(self) -> None:
        begin, processor = time.perf_counter(), time.process_time()
        self.app.save(self.campaign)
        self.saving += time.perf_counter() - begin
        self.processor += time.process_time() - processor

    def hear(self, recipients: int) -> None:
        """Three events a recipient: added, reserved, accepted."""
        for start in range(0, recipients, CHUNK // 3):
            for number in range(start, min(start + CHUNK // 3, recipients)):
                self.campaign.add(recipient(number))
                self.campaign.reserve(recipient(number), ANN, f"m{number:07}")
                self.campaign.accept(recipient(number), ANN, f"m{number:07}")
            self.save()

    def stop(self, recipients: int) -> None:
        incident = f"{ANN}#1"
        for start in range(0, recipients, CHUNK):
            for number in range(start, min(start + CHUNK, recipients)):
                self.campaign.stop(recipient(number), ANN, incident, "resolution_window_expired")
            self.save()
