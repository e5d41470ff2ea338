"""Reads and pages over HTTP at a log of 1,000,000 events on PostgreSQL: milliseconds.

Each is asked in turns with the others over one kept connection, of a process of its own.
"""

import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from statistics import quantiles
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from adapters.composition.access import staff_of
from adapters.composition.programs import Program, rebuild, running
from adapters.settings.loading import load_settings
from aggregates.campaign.commands import ImportRecipients
from bench.http.feed import EVENTS
from bench.ours import CAMPAIGN, START, WORKSPACE, recipient
from bench.postgres.million import ELSEWHERE, million
from bench.postgres.places import durable_server, freeze_survivors, told_ledger
from bench.ratio import Ratio
from engine.work.permissions import Role
from engine.work.ports import Person
from engine.work.staff import Member, SignIns, kept_form
from events.vocabulary import instant_text
from projections.shipped import SHIPPED
from tests.http.commands.callers import token

ROUNDS, LOADS = 200, 20
FIRST_PAINT = """() => new Promise(found => new PerformanceObserver(
    list => found(list.getEntriesByName("first-contentful-paint")[0].startTime)
).observe({type: "paint", buffered: true}))"""
SOMEBODY = "somebody@customer.test"
LISTED = f"/v1/campaigns/{CAMPAIGN}/recipients"
CASE = f"/campaigns/{CAMPAIGN}/recipients/{recipient(5)}"
THEN = instant_text(START + timedelta(minutes=1))


class Read(NamedTuple):
    what: str
    path: str
    goal: float | None = 150
    """Milliseconds at p95."""


READ = {
    "now": Read("what needs a human now", "/v1/now"),
    "accounts": Read("the accounts", "/v1/accounts"),
    "campaign": Read("a campaign", f"/v1/campaigns/{CAMPAIGN}"),
    "recipients": Read("100 of its recipients", LISTED),
    "by_status": Read("100 of them by status", f"{LISTED}?status=active"),
    "case": Read("a recipient's case", f"/v1{CASE}", 100),
    "case_then": Read("a recipient's case in the past", f"/v1{CASE}?at={THEN}"),
    "search": Read("a recipient by address", f"/v1/recipients?recipient={SOMEBODY}", 200),
    "text": Read("a text nowhere in 10,000", "/v1/events?newest=true&text=nowhere", None),
    "page_now": Read("the page of now", "/"),
    "page_campaign": Read("the page of the campaign", f"/campaigns/{CAMPAIGN}"),
    "page_case": Read("the page of the case", CASE),
    "page_case_then": Read("the page of the case in the past", f"{CASE}?at={THEN}"),
    "page_log": Read("the page of the log", f"/log?workspace={ELSEWHERE}"),
    "page_log_quiet": Read("the same, the last 10,000 events being others'", "/log"),
}
PAGES = tuple(name for name in READ if name.startswith("page_"))
PAINT = "first paint in Chromium, nothing kept before, p95 ms"
READS = (
    *(
        line
        for name, each in READ.items()
        for line in (
            Ratio("http_reads", f"{each.what}, p50 ms", f"{name}_p50", None, None),
            Ratio("http_reads", "the same, p95 ms", f"{name}_p95", None, each.goal, at_most=True),
        )
    ),
    *(
        Ratio("http_reads", f"{READ[name].what}: {PAINT}", f"{name}_paint", None, 500, at_most=True)
        for name in PAGES
    ),
)


def http_reads(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, float]:
    with durable_server() as postgres:
        url = postgres.create_database("ours")
        with told_ledger(url) as ledger:
            million(ledger, events)
        settings = load_settings(store=url, workspace=WORKSPACE)
        with running(settings) as program:
            _enrol_somebody(program)
        rebuild(settings, SHIPPED, lambda _position: None)
        freeze_survivors(url, "stored_events", "envelopes", "view_recipient_status")
        return measured(url, rounds)


def measured(url: str, rounds: int) -> dict[str, float]:
    """``url``: a store as ``http_reads`` makes it."""
    with running(load_settings(store=url, workspace=WORKSPACE)) as program:
        by_token = {"Authorization": f"Bearer {token(program, 'bench', Role.ADMIN, None)}"}
        session = _session(program)
    command = [sys.executable, "-m", "bench.http.serve_as_set", url, WORKSPACE]
    taken: dict[str, list[float]] = defaultdict(list)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        by_session = {"Cookie": f"sendledger={session}"}
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for _ in range(rounds):
                for name, each in READ.items():
                    headers = by_token if each.path.startswith("/v1/") else by_session
                    taken[name].append(_milliseconds(connection, each.path, headers))
        painted = first_paints(f"http://127.0.0.1:{port}", session)
        process.communicate()
    return painted | {
        f"{name}_{told}": ms for name, all_ in taken.items() for told, ms in _told(all_)
    }


def first_paints(url: str, session: str) -> dict[str, float]:
    """Milliseconds from the beginning of a navigation, each in a browser that has nothing yet."""
    taken: dict[str, list[float]] = defaultdict(list)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(LOADS):
            for name in PAGES:
                context = browser.new_context()
                context.add_cookies([{"name": "sendledger", "value": session, "url": url}])
                page = context.new_page()
                page.goto(f"{url}{READ[name].path}", wait_until="load")
                taken[name].append(page.evaluate(FIRST_PAINT))
                context.close()
        browser.close()
    return {f"{name}_paint": dict(_told(all_))["p95"] for name, all_ in taken.items()}


def _told(taken: list[float]) -> list[tuple[str, float]]:
    found = quantiles(taken, n=20)
    return [("p50", found[9]), ("p95", found[18])]


def _milliseconds(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> float:
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    told = answer.read()
    taken = time.perf_counter() - began
    assert answer.status == 200, told[:500]
    return 1_000 * taken


def _session(program: Program) -> str:
    staff = staff_of(program.opened)
    staff.add(Member("bench", Role.ADMIN, None, kept_form("nobody types this")))
    return SignIns(staff).begin("bench", program.opened.store.now()).reveal()


def _enrol_somebody(program: Program) -> None:
    """Who is in the campaign, and found by an address."""
    directory = program.opened.directory
    (found,) = directory.enrol(WORKSPACE, [Person(SOMEBODY)])
    command = ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=(found,))
    reply = program.engine.execute(WORKSPACE, command, command_id="somebody", actor="user:bench")
    assert reply.refusal is None
