"""The library's own ``ProjectionRunner`` with one simple view: a row for each recipient."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

from bench.ours import ANN, recipient
from bench.postgres.places import stock_environment
from bench.stock import StockLedger

EVENTS = 3_000
CREATE = SQL("CREATE TABLE IF NOT EXISTS stock_status (recipient_id text PRIMARY KEY, sends int)")
PATIENCE = 60.0
"""Seconds."""

StockRunner = ProjectionRunner[Application[UUID], "StatusRecorder"]


class StatusRecorder(PostgresTrackingRecorder):
    """The row and the position of one event in one transaction."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(CREATE.format())

    def count(self, recipient_id: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO stock_status AS s VALUES (%s, 1) "
                "ON CONFLICT (recipient_id) DO UPDATE SET sends = s.sends + 1",
                (recipient_id,),
            )


class StatusView(Projection[StatusRecorder]):
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.count(getattr(domain_event, "recipient_id", ""), tracking)


@contextmanager
def stock_runner(url: str) -> Iterator[StockRunner]:
    with ProjectionRunner(
        application_class=Application[UUID],
        projection_class=StatusView,
        view_class=StatusRecorder,
        env=stock_environment(url),
    ) as runner:
        yield runner


def stock_catching_up(url: str, events: int = EVENTS) -> float:
    """Events per second, ``wait()`` included."""
    stock = StockLedger(stock_environment(url))
    stock.hear(events // 3)
    end = stock.app.recorder.max_notification_id()
    assert end is not None
    begin = time.perf_counter()
    with stock_runner(url) as runner:
        runner.wait(end, timeout=PATIENCE)
        seconds = time.perf_counter() - begin
    return end / seconds


def stock_waits(url: str, count: int) -> list[float]:
    """Milliseconds from the return of each ``save`` until ``wait()`` returns."""
    stock = StockLedger(stock_environment(url))
    found = []
    with stock_runner(url) as runner:
        for number in range(count):
            stock.campaign.reserve(recipient(number), ANN, f"m{number:07}")
            recorded = stock.app.save(stock.campaign)
            begin = time.perf_counter()
            runner.wait(recorded[-1].notification.id, timeout=PATIENCE)
            found.append((time.perf_counter() - begin) * 1000)
    return found
