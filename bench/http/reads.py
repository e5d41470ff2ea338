"""Reads and pages over HTTP at a log of 1,000,000 events on PostgreSQL: milliseconds at p95.

Each is asked in turns with the others over one kept connection, of a process of its own.
"""

import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta
from http.client import HTTPConnection

from adapters.access import staff_of
from adapters.composition import rebuild, running
from adapters.settings import load_settings
from bench.http.feed import EVENTS
from bench.ours import CAMPAIGN, START, WORKSPACE, recipient
from bench.postgres.million import million
from bench.postgres.places import durable_server, freeze_survivors, told_ledger
from bench.ratio import Ratio
from engine.work.permissions import Role
from engine.work.staff import Member, SignIns, kept_form
from events.vocabulary import instant_text
from projections.shipped import SHIPPED
from tests.http.commands.callers import token

ROUNDS = 60
CASE = f"campaigns/{CAMPAIGN}/recipients/{recipient(5)}"
THEN = instant_text(START + timedelta(minutes=1))
API = {
    "now": "/v1/now",
    "recipients": f"/v1/campaigns/{CAMPAIGN}/recipients",
    "case": f"/v1/{CASE}",
    "case_then": f"/v1/{CASE}?at={THEN}",
    "search": f"/v1/recipients?recipient={recipient(9)}",
    "text": f"/v1/events?newest=true&text={recipient(99_000)}&limit=1",
}
PAGES = {
    "page_now": "/",
    "page_campaign": f"/campaigns/{CAMPAIGN}",
    "page_case": f"/{CASE}",
    "page_case_then": f"/{CASE}?at={THEN}",
    "page_log": "/log",
}
GOALS = {"case": 100, "search": 200, "text": 200}
READS = (
    *(
        Ratio("http_reads", f"{path}, p95 ms", name, None, GOALS.get(name, 150), at_most=True)
        for name, path in (API | PAGES).items()
    ),
)


def http_reads(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, float]:
    with durable_server() as postgres:
        url = postgres.create_database("ours")
        with told_ledger(url) as ledger:
            million(ledger, events)
        settings = load_settings(store=url, workspace=WORKSPACE)
        rebuild(settings, SHIPPED, lambda _position: None)
        freeze_survivors(url, "stored_events", "envelopes", "view_recipient_status")
        with running(settings) as program:
            secret = token(program, "bench", Role.ADMIN, None)
            now = program.opened.store.now()
            staff = staff_of(program.opened)
            staff.add(Member("bench", Role.ADMIN, None, kept_form("nobody types this")))
            session = SignIns(staff).begin("bench", now).reveal()
        return _measured(url, secret, session, rounds)


def _measured(url: str, secret: str, session: str, rounds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.http.serve_as_set", url, WORKSPACE]
    taken: dict[str, list[float]] = defaultdict(list)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        connection = HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=60)
        for _ in range(rounds):
            for name, path in (API | PAGES).items():
                by_token = {"Authorization": f"Bearer {secret}"}
                headers = by_token if name in API else {"Cookie": f"sendledger={session}"}
                began = time.perf_counter()
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                told = answer.read()
                taken[name].append((time.perf_counter() - began) * 1_000)
                assert answer.status == 200, told[:500]
        process.communicate()
    return {name: sorted(each)[int(len(each) * 0.95)] for name, each in taken.items()}
