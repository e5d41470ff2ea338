"""The auditor's state at a time, beside reading and decoding the whole log."""

from datetime import timedelta
from functools import partial

from adapters.cli.auditing.reading import open_source
from adapters.cli.auditing.state import state_at
from adapters.stores.postgres import PostgresViews
from bench.ours import CAMPAIGN, WORKSPACE, Ledger, recipient
from bench.postgres.million import heard, million
from bench.postgres.places import freeze_survivors, fresh_ledger
from bench.timing import timed
from engine.audit.by_stream import Asked
from engine.audit.moments import Moment
from engine.audit.source import facts
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED

SMALL, FEW = "small", 1_000
"""A workspace with a campaign of so many, whose events stand at the end of the log."""


def pg_state_at(events: int = 1_000_000) -> dict[str, float]:
    """Seconds: the store opened and read, as of the moment at which everybody had been heard."""
    with fresh_ledger() as ledger:
        recipients = million(ledger, events - 3 * FEW)
        heard(Ledger(ledger.store, ledger.clock, SMALL, ledger.engine), FEW)
        url, at = ledger.store.url, ledger.clock()
        ledger.clock.advance(timedelta(hours=1))
        ledger.fail()
        ProjectionRunner(ledger.store, PostgresViews(ledger.store), SHIPPED).catch_up()
        freeze_survivors(url, "stored_events", "envelopes")
        asked = map(recipient, (0, recipients // 2, recipients - 1))
        look = partial(look_back, url, Moment(at=at))
        one = max(timed(partial(look, WORKSPACE, each)) for each in asked)
        few = timed(partial(look, SMALL, None, FEW))
        whole = timed(partial(look, WORKSPACE, None, recipients))
        scanning = timed(lambda: scan(url))
    return {"recipient_s": one, "few_s": few, "campaign_s": whole, "scan_s": scanning}


def look_back(url: str, moment: Moment, workspace: str, who: str | None, expected: int = 1) -> None:
    """The store opened, and the campaign's state told, or that of one recipient of it."""
    with open_source(url) as source:
        found = state_at(source, moment, Asked(workspace, CAMPAIGN, who))
        assert len(found.recipients) == expected


def scan(url: str) -> None:
    """Read and decode all of it."""
    with open_source(url) as source:
        assert sum(1 for _ in facts(source)) == source.end
