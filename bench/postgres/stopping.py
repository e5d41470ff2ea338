"""A stop of 100,000 recipients: beside stock saves, beside a raw COPY, and for its neighbours."""

import time

from bench.ours import WORKSPACE
from bench.postgres.copying import copied_again
from bench.postgres.crew import Crew, p99_and_max
from bench.postgres.places import (
    PostgresLedger,
    durable_server,
    freeze_survivors,
    stock_environment,
    told_ledger,
)
from bench.stock import StockLedger
from bench.timing import timed

LARGE = 100_000
QUIET = 4.0
"""Seconds of small commands before the stop, to compare with."""


def pg_expiry(recipients: int = LARGE) -> dict[str, float]:
    """Events per second: decided, appended and committed in one transaction; saved; copied."""
    with durable_server() as server:
        url, beside = server.create_database("ours"), server.create_database("stock")
        with told_ledger(url) as ledger:
            about_to_stop(ledger, recipients)
            behind = ledger.store.last_position()
            freeze_survivors(url, "stored_events", "envelopes")
            ours = timed(lambda: ledger.engine.tick(WORKSPACE))
        stock = StockLedger(stock_environment(beside))
        freeze_survivors(beside)
        stock.saving = 0.0
        stock.stop(recipients)
        copy = copied_again(url, behind)
        freeze_survivors(url, "floor")
        raw = timed(copy)
    return {
        "ours": recipients / ours,
        "stock": recipients / stock.saving,
        "copy": recipients / raw,
    }


def about_to_stop(ledger: PostgresLedger, recipients: int) -> None:
    ledger.campaign(recipients)
    ledger.hear(0, recipients)
    ledger.fail()
    ledger.let_the_window_pass()


def pg_beside_expiry(recipients: int = LARGE) -> dict[str, float]:
    """Milliseconds of small commands of another process in another workspace."""
    with durable_server() as server:
        url = server.create_database("ours")
        with told_ledger(url) as ledger, Crew("engine", url) as neighbour:
            about_to_stop(ledger, recipients)
            freeze_survivors(url, "stored_events", "envelopes")
            neighbour.begin(2 * QUIET)
            time.sleep(QUIET)
            began = time.monotonic()
            assert ledger.engine.tick(WORKSPACE) >= recipients
            ended = time.monotonic()
            commits = neighbour.commits()
    beside = [each for each in commits if each.ended > began and each.began < ended]
    quiet = [each for each in commits if each.ended < began]
    p99, most = p99_and_max(beside)
    quiet_p99, quiet_most = p99_and_max(quiet)
    return {
        "p99_ms": p99,
        "max_ms": most,
        "quiet_p99_ms": quiet_p99,
        "quiet_max_ms": quiet_most,
        "commands_beside": len(beside),
        "stop_s": ended - began,
    }
