"""``python -m bench [--runs N] [NAME …]``: ratios, their goals, and how they were met.

A name is a measure's, or what several begin with: ``stream``, ``pg``.
"""

import argparse
import json
import subprocess
import sys
from statistics import median

from bench.checks.table import CHECKS
from bench.http.feed import FEED
from bench.http.reads import READS
from bench.measures import MEASURES, Figures
from bench.postgres.table import POSTGRES
from bench.ratio import Ratio
from bench.stream.table import STREAM

TABLE = (
    Ratio("rebuild", "a campaign of 100,000 from 300,000 events, events/s", "ours", "stock", 4),
    Ratio("expiry", "expiry with 100,000 at stake, events/s", "ours", "stock", 4),
    Ratio(
        "expiry",
        "the same, events per second of processor",
        "ours_by_processor",
        "stock_by_processor",
        4,
    ),
    Ratio(
        "projections",
        "all projections catching up, events/s",
        "catching_up",
        "one_transaction_per_event",
        10,
    ),
    Ratio(
        "projections",
        "all projections rebuilt from zero, events/s",
        "rebuild",
        "one_transaction_per_event",
        30,
    ),
    Ratio(
        "recipient_why",
        "why of one recipient of 1,000,000 events, seconds, over a scan of the log",
        "why_s",
        "scan_s",
        1 / 100,
        at_most=True,
    ),
    Ratio(
        "replay_state",
        "state of one recipient of 1,000,000 events, seconds, over a scan of the log",
        "state_s",
        "scan_s",
        1 / 100,
        at_most=True,
    ),
    Ratio(
        "replay_rebuild",
        "all views rebuilt, over read and decode the log, events/s",
        "rebuild",
        "scan",
        0.5,
    ),
    Ratio(
        "replay_check",
        "every rule checked, over read and decode the log, events/s",
        "check",
        "scan",
        0.4,
    ),
    Ratio(
        "commands",
        "a command on a warm campaign, p95 ms, 100,000 over 1,000 recipients",
        "p95_ms_100000",
        "p95_ms_1000",
        2,
        at_most=True,
    ),
    Ratio(
        "cold",
        "cold load of 100,000, seconds without a snapshot over with one",
        "without_s",
        "with_snapshot_s",
        8,
    ),
    Ratio("import", "CSV import, rows/s; a loop into the directory", "ours", "same_table", 0.6),
    Ratio("import", "CSV import, rows/s; into the plainest table", "ours", "plainest", None),
    Ratio("memory", "memory of a campaign of 100,000, bytes", "campaign_bytes", None, None),
    Ratio("crowd", "megabytes of 1,000 warm workspaces of 1,000 recipients", "warm_mb", None, None),
    Ratio("crowd", "the same where 100,000 people may be in memory", "bound_mb", None, None),
    Ratio("startup", "sendledger --help, seconds, over a bare Python", "help_s", "python_s", None),
    Ratio("startup", "sendledger status, likewise", "status_s", "python_s", None),
    Ratio("probe", "a full check of a mailbox on Dovecot, ms", "check_ms", None, 150, at_most=True),
    Ratio("probe", "the same, ms, over a plain script", "check_ms", "script_ms", None),
    Ratio("inbox", "an inbox of 50,000 on Dovecot, headers/s", "ours", None, 5_000),
    Ratio("inbox", "the same, over imaplib's bare fetch", "ours", "imaplib", 0.15),
    Ratio(
        "inbox", "resident megabytes gained by its last 40,000", "grown_mb", None, 5, at_most=True
    ),
    Ratio("submission", "20 accounts into a fast server, messages/s", "ours", "smtplib", 0.7),
    *(
        line
        for name, what, least in (
            ("sending", "20 accounts of one workspace, messages/s", 0.35),
            ("sending_20", "20 accounts of 20 workspaces, messages/s", 0.2),
            ("pg_sending", "the former on PostgreSQL, messages/s", 0.35),
            ("pg_sending_20", "the latter on PostgreSQL, messages/s", 0.2),
        )
        for line in (
            Ratio(name, f"{what}; smtplib and MIMEText", "ours", "composing", 0.7),
            Ratio(name, "the same; smtplib, one ready message, 20 threads", "ours", "ready", least),
            Ratio(name, "the same; likewise, one thread", "ours", "one_by_one", None),
            Ratio(name, "processor µs a message; MIMEText", "ours_us", "composing_us", None),
            Ratio(name, "the same; one ready message", "ours_us", "ready_us", None),
            Ratio(name, "the server by itself, messages/s", "server", None, None),
        )
    ),
    Ratio("composing", "messages of text and HTML, /s, over MIMEText", "ours", "compat32", 8),
    Ratio("composing", "the same, from templates", "from_templates", "compat32", None),
    Ratio(
        "planning",
        "who is next of 1,000,000 in 200 campaigns, p95 ms of processor time",
        "p95_ms_1000000",
        None,
        5,
        at_most=True,
    ),
    Ratio(
        "planning",
        "the same, p50, 1,000,000 over 10,000 recipients",
        "p50_ms_1000000",
        "p50_ms_10000",
        1.5,
        at_most=True,
    ),
    Ratio(
        "planning",
        "seconds until it can be asked, likewise",
        "begin_s_1000000",
        "begin_s_10000",
        None,
    ),
    Ratio("planning", "megabytes of the plan, likewise", "mb_1000000", "mb_10000", None),
    *CHECKS,
    *POSTGRES,
    *STREAM,
    *FEED,
    *READS,
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measure; medians count")
    asked = parser.parse_args()
    names = _measures(asked.names) if asked.names else list(MEASURES)
    if not names:
        parser.error(f"choose of {', '.join(MEASURES)}")
    figures = {name: _measured(name, asked.runs) for name in names}
    print(f"\n{'what':70} {'figure':>12} {'beside':>12} {'ratio':>8} {'goal':>7}")
    for line in TABLE:
        if line.measure in figures:
            print(_told(line, figures[line.measure]))


def _measures(asked: list[str]) -> list[str]:
    return [
        name
        for name in MEASURES
        if any(name == each or name.startswith(f"{each}_") for each in asked)
    ]


def _measured(name: str, runs: int) -> Figures:
    """Medians of several runs, each in a process of its own."""
    found: list[Figures] = []
    for run in range(runs):
        print(f"{name} {run + 1}/{runs} …", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "bench.measures", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))  # before it, what workers log
    return {figure: median(each[figure] for each in found) for figure in found[0]}


def _told(line: Ratio, figures: Figures) -> str:
    figure = figures[line.figure]
    if line.beside is None:
        return f"{line.what:70} {figure:12,.1f} {'':21} {_judged(line, figure)}"
    beside = figures[line.beside]
    ratio = figure / beside
    told = f"{line.what:70} {figure:12,.2f} {beside:12,.2f} {ratio:7.{_decimals(ratio)}f}x"
    return f"{told} {_judged(line, ratio)}"


def _decimals(ratio: float) -> int:
    return 1 if ratio >= 10 else 2 if ratio >= 0.1 else 4


def _judged(line: Ratio, value: float) -> str:
    if line.goal is None:
        return ""
    met = value <= line.goal if line.at_most else value >= line.goal
    return f"{'<=' if line.at_most else '>='}{line.goal:g} {'' if met else 'MISSED'}"


if __name__ == "__main__":
    main()
