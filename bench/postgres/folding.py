"""Views on PostgreSQL: all shipped ones catching up, and one rebuilt beside a running engine."""

from adapters.stores.postgres import PostgresViews
from adapters.stores.postgres.rebuild.rebuilding import rebuild
from bench.postgres.copying import copied_out
from bench.postgres.million import million
from bench.postgres.places import durable_server, freeze_survivors, told_ledger
from bench.postgres.stock_view import stock_catching_up
from bench.timing import timed
from engine.decoding import decode_rows
from engine.gc_pause import gc_paused
from engine.projecting import ProjectionRunner
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED

RECIPIENTS = 75_000


def pg_projections(recipients: int = RECIPIENTS) -> dict[str, float]:
    """Events per second: two for each recipient, whose rows are there; and all from zero."""
    with durable_server() as server:
        url, beside = server.create_database("ours"), server.create_database("stock")
        with told_ledger(url) as ledger:
            ledger.campaign(recipients)
            views = PostgresViews(ledger.store)
            runner = ProjectionRunner(ledger.store, views, SHIPPED)
            seen = runner.catch_up()
            ledger.hear(0, recipients)
            end = ledger.store.last_position()
            freeze_survivors(url)
            catching_up = timed(runner.catch_up)
            for projection in SHIPPED:
                views.reset(projection)
            from_zero = timed(runner.catch_up)
        stock = stock_catching_up(beside)
    return {
        "catching_up": (end - seen) / catching_up,
        "from_zero": end / from_zero,
        "stock": stock,
    }


def pg_rebuild(events: int = 1_000_000) -> dict[str, float]:
    """Events per second: recipient status rebuilt by two processes; the log read and decoded."""
    with durable_server() as server:
        url, beside = server.create_database("ours"), server.create_database("stock")
        with told_ledger(url) as ledger:
            million(ledger, events)
            end = ledger.store.last_position()
            ProjectionRunner(ledger.store, PostgresViews(ledger.store), SHIPPED).catch_up()
            freeze_survivors(url, "stored_events", "envelopes")
            rebuilding = timed(lambda: rebuild(ledger.store, [RECIPIENT_STATUS], processes=2))
            scanning = timed(lambda: _scanned(url, end))
        stock = stock_catching_up(beside)
    return {"rebuild": end / rebuilding, "scan": end / scanning, "stock": stock}


def _scanned(url: str, events: int) -> None:
    with gc_paused():
        assert sum(1 for _ in decode_rows(copied_out(url))) == events
