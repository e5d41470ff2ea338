"""Clocks by the million: what it costs to find that none is due, and to settle those that are."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median

from adapters.stores.opening import opened_schema
from adapters.stores.postgres.leases import Leases
from adapters.worker.clocks import AT_ONCE, Clocks
from aggregates.campaign.commands import (
    CreateCampaign,
    RecordAccepted,
    ReserveSend,
    StartCampaign,
)
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount
from bench.ours import ANN, BOB, Ledger, accepted, reserve
from bench.postgres.places import PostgresLedger, freeze_survivors, fresh_ledger
from bench.timing import timed
from engine.engine import Engine
from engine.simulated import simulated_report
from events.vocabulary import Mode

MANY, FEW, DUE = 1_000_000, 1_000, 60_000
OF_A_WORKSPACE, CAMPAIGNS = 250, 30
"""Clocks of a workspace: of those that only run, and of those that are settled."""
LOOKS, COMMANDS = 300, 2_000

RUNNING = """
WITH clocks AS (
    SELECT 'idle-' || n / %(each)s AS workspace, n, %(now)s + n * interval '1 second' AS due_at
    FROM generate_series(0, %(count)s - 1) AS n
), made AS (
    INSERT INTO timers (workspace, timer, due_at, set_by, correlation_id)
    SELECT workspace, '["clock", "spring-' || n || '", "ann@acme.test"]', due_at, '', ''
    FROM clocks
)
INSERT INTO workspaces (workspace, recorded_at, last_position, events, next_due)
SELECT workspace, %(now)s, 0, 0, min(due_at) FROM clocks GROUP BY workspace
"""


def pg_clocks(many: int = MANY, due: int = DUE) -> dict[str, float]:
    """Milliseconds of a look for due workspaces; clocks settled and commands decided per second."""
    few_ms, many_ms = (idle_poll(each) for each in (min(FEW, many), many))
    return {"few_ms": few_ms, "many_ms": many_ms, **_falling_due(due)}


def idle_poll(clocks: int) -> float:
    """Median milliseconds of a worker's look when so many clocks run and none is due.

    By the database's clock, as a worker looks.
    """
    with fresh_ledger() as ledger:
        now = datetime.now(UTC) + timedelta(days=1)
        with ledger.store.writing() as cursor:
            cursor.execute(RUNNING, {"each": OF_A_WORKSPACE, "count": clocks, "now": now})
        freeze_survivors(ledger.store.url, "timers", "workspaces")
        with closing(Leases(ledger.store, "bench")) as leases:
            return 1000 * median(timed(lambda: _nothing(leases)) for _ in range(LOOKS))


def _nothing(leases: Leases) -> None:
    assert not leases.lease(AT_ONCE)


def _falling_due(clocks: int) -> dict[str, float]:
    """All at once, settled by one worker that knows nothing of these workspaces yet."""
    with fresh_ledger() as ledger:
        store, url = ledger.store, ledger.store.url
        for number in range(clocks // CAMPAIGNS):
            _let_clocks_run(Ledger(store, ledger.clock, f"w{number:05}", ledger.engine))
        freeze_survivors(url, "stored_events", "envelopes", "timers", "workspaces")
        commands = _plain_commands(Ledger(store, ledger.clock, "plain"))
        ledger.let_the_window_pass()
        opened = opened_schema(store)
        with opened.coordination.serving("bench", ["clocks"]) as member:
            settling = timed(Clocks(Engine(store), member).turn)
        _held_to_the_law(ledger, clocks)
    return {"settled": clocks / settling, "commands": commands}


def _held_to_the_law(ledger: PostgresLedger, clocks: int) -> None:
    with ledger.store.reading() as cursor:
        ended = "SELECT count(*) FROM stored_events WHERE topic LIKE 'GracePeriodExpired%%'"
        found = cursor.execute(ended).fetchone()
    assert found == (clocks,)
    assert ledger.store.due_workspaces(ledger.clock()) == []


def _plain_commands(ledger: PostgresLedger) -> float:
    ledger.campaign(COMMANDS)
    begin = time.perf_counter()
    for number in range(COMMANDS // 2):
        ledger.ask(reserve(number))
        ledger.ask(accepted(number))
    return COMMANDS / (time.perf_counter() - begin)


def _let_clocks_run(ledger: PostgresLedger) -> None:
    """One account fails that many campaigns use: a clock in each, one recipient at stake."""
    ledger.ask(*_what_precedes())
    ledger.fail()


def _what_precedes() -> Iterator[Command]:
    well, slots = simulated_report(None), count(1)
    for account in (ANN, BOB):
        yield ConnectAccount(
            account_id=account, slot_id=f"s{next(slots)}", provider="simulated", report=well
        )
    for number in range(CAMPAIGNS):
        yield from _one_contact(f"c{number:02}")


def _one_contact(campaign: str) -> Iterator[Command]:
    yield CreateCampaign(
        campaign_id=campaign,
        mode=Mode.ROTATION,
        account_ids=(ANN, BOB),
        recipient_ids=("r1",),
    )
    yield StartCampaign(campaign_id=campaign)
    yield ReserveSend(campaign_id=campaign, recipient_id="r1", account_id=ANN, send_id="m1")
    yield RecordAccepted(campaign_id=campaign, recipient_id="r1", send_id="m1")
